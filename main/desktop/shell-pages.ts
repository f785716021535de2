import { createHash } from 'node:crypto';
import type { ErrorRecord } from '../contract/errors.ts';

/** What a person can do from the page. The page has no script: its buttons are links that the window catches. */
export const problemActions = {
  retry: 'Start again',
  'open-workspace': 'Open another workspace…',
  quit: 'Quit',
} as const;
export type ProblemAction = keyof typeof problemActions;

export const problemUrl = 'lightbench://shell/problem';
export const startingUrl = 'lightbench://shell/starting';
const actionPrefix = 'lightbench://shell/action/';

const style = `
:root { color-scheme: light dark; --canvas: #f7f7f8; --surface: #fff; --border: #e3e4e8; --text: #1b1d22; --muted: #565b66; --accent: #2f5bd0; --on-accent: #fff; }
@media (prefers-color-scheme: dark) { :root { --canvas: #101114; --surface: #16171b; --border: #282a31; --text: #e7e8eb; --muted: #a6aab5; --accent: #4a78e8; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 32px; background: var(--canvas); color: var(--text); font: 15px/1.55 system-ui, sans-serif; }
main { max-width: 640px; width: 100%; padding: 32px; background: var(--surface); border: 1px solid var(--border); border-radius: 10px; }
h1 { margin: 0 0 12px; font-size: 21px; line-height: 1.3; }
p { margin: 0 0 12px; overflow-wrap: anywhere; }
.cause { color: var(--muted); white-space: pre-wrap; }
.code { margin: 0 0 24px; color: var(--muted); font: 12px/1.5 ui-monospace, monospace; }
nav { display: flex; flex-wrap: wrap; gap: 8px; }
a { padding: 8px 16px; border: 1px solid var(--border); border-radius: 6px; color: var(--text); text-decoration: none; }
a:first-child { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.starting { color: var(--muted); text-align: center; animation: appear 0.3s 0.8s both; }
@keyframes appear { from { opacity: 0; } }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;

/** No script, no request, one style known by its hash. */
export const shellPolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** A whole page: title, cause, suggestion, and what can be done now. */
export function problemPage(error: ErrorRecord, actions: readonly ProblemAction[]): string {
  const links = actions.map((action) => `<a href="${actionPrefix}${action}">${escaped(problemActions[action])}</a>`);
  return page(`<main role="alert">
<h1>${escaped(error.title)}</h1>
<p class="cause">${escaped(error.cause.replaceAll(' ⏎ ', '\n'))}</p>
<p>${escaped(error.suggestion)}</p>
<p class="code">${escaped(error.code)}</p>
<nav>${links.join('')}</nav>
</main>`);
}

/** What the window shows until the engine answers; said only when that takes a while. */
export function startingPage(what: string): string {
  return page(`<p class="starting" role="status">Opening ${escaped(what)}…</p>`);
}

/** The action that a link of the page asks for. */
export function problemActionOf(url: string): ProblemAction | null {
  const name = url.startsWith(actionPrefix) ? url.slice(actionPrefix.length) : '';
  return Object.hasOwn(problemActions, name) ? (name as ProblemAction) : null;
}

function page(body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Lightbench</title><style>${style}</style></head>
<body>${body}</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
