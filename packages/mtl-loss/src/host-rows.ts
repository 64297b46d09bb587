/** Row-major [rows, rows]. */
export function gramianOfRows(rows: readonly ArrayLike<number>[]): Float64Array {
  const count = rows.length;
  const gramian = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      let product = 0;
      for (let k = 0; k < rows[i]!.length; k++) product += rows[i]![k]! * rows[j]![k]!;
      gramian[i * count + j] = product;
      gramian[j * count + i] = product;
    }
  }
  return gramian;
}
