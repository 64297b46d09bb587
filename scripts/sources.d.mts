export const aliases: readonly { readonly find: RegExp; readonly replacement: string }[];
