/** SQuAD's normal form: lower case, no ASCII punctuation, no article, single spaces. */
export function normalizedAnswer(text: string): string {
  return text
    .toLowerCase()
    .replace(/[!-/:-@[-`{-~]/g, '')
    .replace(/(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu, ' ')
    .trim()
    .split(/\s+/)
    .join(' ');
}

/** 1 if the prediction equals one of the answers in normal form, else 0. */
export function exactMatch(prediction: string, answers: readonly string[]): number {
  const own = normalizedAnswer(prediction);
  return Number(goldOf(answers).some((answer) => answer === own));
}

/** The best F1 over bags of words against the answers (Rajpurkar et al. 2016, arXiv:1606.05250); an empty answer is only met by an empty prediction. */
export function answerF1(prediction: string, answers: readonly string[]): number {
  const own = words(normalizedAnswer(prediction));
  return Math.max(
    0,
    ...goldOf(answers).map((answer) => {
      const gold = words(answer);
      if (gold.length === 0 || own.length === 0) return Number(gold.length === own.length);
      const left = new Map<string, number>();
      for (const word of gold) left.set(word, (left.get(word) ?? 0) + 1);
      let common = 0;
      for (const word of own) {
        const count = left.get(word) ?? 0;
        if (count === 0) continue;
        common++;
        left.set(word, count - 1);
      }
      return (2 * common) / (gold.length + own.length);
    }),
  );
}

/** Answers that normalise to nothing count only where no other is given. */
function goldOf(answers: readonly string[]): string[] {
  const known = answers.map(normalizedAnswer).filter((answer) => answer !== '');
  return known.length > 0 ? known : [''];
}

function words(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}
