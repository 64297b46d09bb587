/** What one look at the task gradients has found: plain numbers, on the host. Matrices are row-major [tasks, tasks] and about the shared parameters. */
export interface Measurement {
  /** Updates done before it. */
  readonly step: number;
  /** 1 where the task had labelled rows, else 0; what is said of other tasks is passed over. */
  readonly present: ArrayLike<number>;
  readonly losses: ArrayLike<number>;
  /** gᵢ·gⱼ of one batch. */
  readonly gramian: ArrayLike<number>;
  /** gᵢ of this batch · gⱼ of another, at the same parameters: what is left of it on average is not batch noise. */
  readonly cross?: ArrayLike<number>;
  /** The loss of task j after a small step against gᵢ alone (row i); `diagnose` takes one that lessens loss i by a hundredth. */
  readonly lookahead?: ArrayLike<number>;
}
