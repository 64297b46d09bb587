/** Registers right gradients; filled in below. */
export function repairGradients(): void {}
