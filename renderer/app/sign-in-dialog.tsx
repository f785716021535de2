import { Button, Group, Modal, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { LightbenchError } from '../client/index.ts';
import { setSessionToken, useCommand, useSession, wantSignIn } from '../client/index.ts';
import { ErrorState } from '../components/states.tsx';

/** Opens when somebody wants to sign in, and when the engine refuses to answer before. */
export function SignInDialog() {
  const opened = useSession((state) => state.signInWanted);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [error, setError] = useState<LightbenchError | null>(null);
  const close = () => {
    wantSignIn(false);
    setPassword('');
    setError(null);
  };
  const signIn = useCommand('session.signIn', {
    onSuccess: ({ token }) => {
      setSessionToken(token);
      close();
    },
    onError: (failure) => {
      setError(failure);
      return true;
    },
  });
  return (
    <Modal opened={opened} onClose={close} title="Sign in" size="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setError(null);
          signIn.mutate({ name, password });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            autoComplete="username"
            required
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {error !== null && <ErrorState inline error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={signIn.isPending}>
              Sign in
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
