import type { AssetName, AssetParams } from '../../main/contract/index.ts';
import { sessionToken } from './session.ts';

type Text<T> = { readonly [K in keyof T]: T[K] extends readonly number[] ? readonly number[] : T[K] };

/** Address of an asset, the same through both doors: the desktop shell answers `/asset/…` under its own origin. */
export function assetUrl<N extends AssetName>(name: N, params: Text<AssetParams<N>>): string {
  const query = Object.entries(params as Record<string, unknown>)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeValue(value)}`)
    .join('&');
  const token = sessionToken();
  return `/asset/${name}?${query}${token === null ? '' : `&token=${encodeURIComponent(token)}`}`;
}

function encodeValue(value: unknown): string {
  // Commas are legal in a query; escaping them would triple the separators of a long index list.
  return Array.isArray(value) ? value.join(',') : encodeURIComponent(String(value));
}
