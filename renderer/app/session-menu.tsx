import { Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { IconLogin, IconLogout, IconMoon, IconSun, IconUserCircle, IconUsers } from '@tabler/icons-react';
import { useNavigate } from 'react-router';
import { setSessionToken, useCommand, useProcedure, useSession, wantSignIn } from '../client/index.ts';
import { paths } from '../components/paths.ts';
import classes from './rail.module.css';

/** Who one is here, and how to become somebody else. */
export function SessionMenu() {
  const navigate = useNavigate();
  const token = useSession((state) => state.token);
  const current = useProcedure('session.current', {});
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useCommand('session.signOut', { onSuccess: () => setSessionToken(null) });
  const user = current.data;
  const dark = document.documentElement.dataset.mantineColorScheme === 'dark' || colorScheme === 'dark';
  return (
    <Menu position="right-end" width={220}>
      <Menu.Target>
        <UnstyledButton className={classes.footButton}>
          <IconUserCircle size={16} stroke={1.6} aria-hidden />
          <span className={classes.footLabel}>
            {user === undefined ? 'Not signed in' : user.displayName || user.name}
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {user !== undefined && (
          <Menu.Label>
            {user.name} · {user.roles.join(', ')}
          </Menu.Label>
        )}
        <Menu.Item leftSection={<IconUsers size={14} />} onClick={() => void navigate(paths.settings('people'))}>
          People
        </Menu.Item>
        <Menu.Item
          leftSection={dark ? <IconSun size={14} /> : <IconMoon size={14} />}
          onClick={() => setColorScheme(dark ? 'light' : 'dark')}
        >
          {dark ? 'Light theme' : 'Dark theme'}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogin size={14} />} onClick={() => wantSignIn(true)}>
          {token === null ? 'Sign in' : 'Sign in as somebody else'}
        </Menu.Item>
        {token !== null && (
          <Menu.Item leftSection={<IconLogout size={14} />} onClick={() => signOut.mutate({ token })}>
            Sign out
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
