/** More curves than this cannot be told apart, and the engine reads at most 200. */
export const maximumCompared = 50;

export function comparePath(runIds: readonly string[]): string {
  return `/runs/compare?ids=${runIds.map(encodeURIComponent).join(',')}`;
}

export function comparedIds(search: URLSearchParams): readonly string[] {
  const ids = (search.get('ids') ?? '').split(',').filter((id) => id !== '');
  return [...new Set(ids)].slice(0, maximumCompared);
}
