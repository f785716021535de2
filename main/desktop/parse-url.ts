/** `URL.canParse` is younger than the oldest Electron's Node. */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
