import { Suspense, useEffect, useState } from 'react';
import { Route, Routes, useLocation, useNavigate } from 'react-router';
import { listenToWorkspace, queryClient, useSession } from '../client/index.ts';
import { LoadingPage, NothingHere } from '../components/states.tsx';
import { areas, home } from './areas.ts';
import { CommandPalette } from './command-palette.tsx';
import { ConnectionBanner } from './connection-banner.tsx';
import { Rail } from './rail.tsx';
import { ScreenBoundary } from './screen-boundary.tsx';
import classes from './shell.module.css';
import { ShortcutHelp } from './shortcut-help.tsx';
import { SignInDialog } from './sign-in-dialog.tsx';
import { useKeyboard } from './use-keyboard.ts';
import { useToasts } from './use-toasts.tsx';

/** Rail, screen, and what lies over them. */
export function Shell() {
  const [helpOpen, setHelpOpen] = useState(false);
  const navigate = useNavigate();
  const location = useLocation();
  const token = useSession((state) => state.token);

  // Another person sees another workspace: listen and read again as that person.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the token is sent by what is called here
  useEffect(() => {
    const stop = listenToWorkspace();
    void queryClient.invalidateQueries();
    return stop;
  }, [token]);
  useToasts();
  useKeyboard({ navigate, openHelp: () => setHelpOpen(true) });

  return (
    <div className={classes.shell}>
      <button type="button" className={classes.skip} onClick={() => document.getElementById('main')?.focus()}>
        Skip to content
      </button>
      <Rail />
      <main id="main" className={classes.main} tabIndex={-1}>
        <ConnectionBanner />
        <div className={classes.screen}>
          <ScreenBoundary key={location.pathname.split('/')[1]}>
            <Suspense fallback={<LoadingPage />}>
              <Routes>
                <Route path={home.path} element={<home.screen />} />
                {areas.map(({ path, screen: Screen }) => (
                  <Route key={path} path={`${path}/*`} element={<Screen />} />
                ))}
                <Route
                  path="*"
                  element={<NothingHere title="There is no such page">Choose an area on the left.</NothingHere>}
                />
              </Routes>
            </Suspense>
          </ScreenBoundary>
        </div>
      </main>
      <CommandPalette openHelp={() => setHelpOpen(true)} />
      <ShortcutHelp opened={helpOpen} close={() => setHelpOpen(false)} />
      <SignInDialog />
    </div>
  );
}
