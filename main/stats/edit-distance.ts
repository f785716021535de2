/** Tokens to insert, delete or replace until one sequence is the other (Levenshtein 1966). */
export function editDistance(from: readonly string[], to: readonly string[]): number {
  let row = Array.from({ length: to.length + 1 }, (_, place) => place);
  for (const [place, token] of from.entries()) {
    const next = [place + 1];
    to.forEach((other, column) => {
      next.push(Math.min(next[column] + 1, row[column + 1] + 1, row[column] + (token === other ? 0 : 1)));
    });
    row = next;
  }
  return row[to.length];
}
