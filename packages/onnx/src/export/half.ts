/** float32 as IEEE 754 binary16 words, to the nearest, ties to even; beyond 65504 infinite. */
export function halvesOf(floats: Float32Array): Uint16Array {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  return Uint16Array.from(bits, halfOf);
}

function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // not a number
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and more round to infinity
  if (magnitude < 0x33000001) return sign; // at most half of the least subnormal
  const exponent = magnitude >>> 23;
  if (exponent >= 113) return sign | rounded(magnitude - (112 << 23), 13);
  return sign | rounded((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
}

/** value / 2^shift to the nearest whole number, ties to even. */
function rounded(value: number, shift: number): number {
  const half = 1 << (shift - 1);
  const rest = value & ((1 << shift) - 1);
  const whole = value >>> shift;
  return whole + (rest > half || (rest === half && (whole & 1) === 1) ? 1 : 0);
}
