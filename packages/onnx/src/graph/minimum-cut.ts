/** A directed network with capacities, grown edge by edge. */
export class Network {
  /** Per vertex, the numbers of the edges that leave it; edge e and its reverse e ^ 1 are made together. */
  readonly #leaving: number[][] = [];
  readonly #to: number[] = [];
  readonly #left: number[] = [];

  vertex(): number {
    return this.#leaving.push([]) - 1;
  }

  edge(from: number, to: number, capacity: number): void {
    this.#leaving[from]!.push(this.#to.push(to) - 1);
    this.#left.push(capacity);
    this.#leaving[to]!.push(this.#to.push(from) - 1);
    this.#left.push(0);
  }

  /**
   * The vertices on the source's side of a minimum cut: those that can still be reached once the flow is greatest (Ford and Fulkerson 1956). Paths are the shortest
   * first (Edmonds and Karp 1972): O(V·E²), far less on networks of a few paths. Some cut must be finite. The flow stays in the network.
   */
  sourceSide(source: number, sink: number): ReadonlySet<number> {
    for (;;) {
      const by = this.#reach(source);
      if (!by.has(sink)) return new Set(by.keys());
      let least = Number.POSITIVE_INFINITY;
      for (const edge of this.#path(by, source, sink)) least = Math.min(least, this.#left[edge]!);
      for (const edge of this.#path(by, source, sink)) {
        this.#left[edge]! -= least;
        this.#left[edge ^ 1]! += least;
      }
    }
  }

  /** Each vertex within reach, with the edge that it was first reached by. */
  #reach(source: number): Map<number, number> {
    const by = new Map([[source, -1]]);
    // A map iterates in the order of insertion, what is added meanwhile included: breadth first.
    for (const vertex of by.keys())
      for (const edge of this.#leaving[vertex]!) if (this.#left[edge]! > 0 && !by.has(this.#to[edge]!)) by.set(this.#to[edge]!, edge);
    return by;
  }

  *#path(by: ReadonlyMap<number, number>, source: number, sink: number): Generator<number> {
    for (let at = sink; at !== source; at = this.#to[by.get(at)! ^ 1]!) yield by.get(at)!;
  }
}
