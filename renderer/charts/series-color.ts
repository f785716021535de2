const colorCount = 8;

/** The colour of the n-th thing of a chart, from the tokens. After eight they come again, dashed. */
export function seriesColor(position: number): string {
  return `var(--lb-series-${(position % colorCount) + 1})`;
}

export function isDashed(position: number): boolean {
  return Math.floor(position / colorCount) % 2 === 1;
}
