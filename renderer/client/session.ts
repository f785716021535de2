import { create } from 'zustand';

const storageKey = 'lightbench.session';

interface SessionState {
  /** Token of the signed-in person; null: the owner of the workspace, where the owner has no password. */
  readonly token: string | null;
  /** True while the engine refuses to answer before somebody signs in. */
  readonly signInWanted: boolean;
}

/** Kept for this window only: closing it signs out. */
export const useSession = create<SessionState>(() => ({ token: readToken(), signInWanted: false }));

export function sessionToken(): string | null {
  return useSession.getState().token;
}

export function setSessionToken(token: string | null): void {
  try {
    if (token === null) window.sessionStorage.removeItem(storageKey);
    else window.sessionStorage.setItem(storageKey, token);
  } catch {
    // Storage can be forbidden by policy; the token then lives as long as the page.
  }
  useSession.setState({ token, signInWanted: false });
}

export function wantSignIn(wanted: boolean): void {
  useSession.setState({ signInWanted: wanted });
}

function readToken(): string | null {
  try {
    return window.sessionStorage.getItem(storageKey);
  } catch {
    return null;
  }
}
