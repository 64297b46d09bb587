const bytes = new TextEncoder();

/** GPT-2's characters for the 256 bytes: those that are visible stand for themselves, the others are moved to U+0100 and after. */
export const byteCharacters: readonly string[] = (() => {
  const visible = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(visible(byte) ? byte : 256 + moved++));
})();

const known = new Map<string, readonly string[]>();

/** The characters for the bytes, in UTF-8, of one code point. */
export function byteLevel(char: string): readonly string[] {
  let found = known.get(char);
  if (!found) {
    if (known.size >= 1 << 16) known.clear();
    found = Array.from(bytes.encode(char), (byte) => byteCharacters[byte]!);
    known.set(char, found);
  }
  return found;
}

/** How GPT-2 cuts a text into words; `\s` is Unicode's White_Space here, as in the original. */
export const byteLevelWords =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
