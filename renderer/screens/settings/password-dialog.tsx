import { Button, Group, Modal, PasswordInput, Stack } from '@mantine/core';
import { useState } from 'react';
import type { User } from '../../../main/contract/governance.ts';
import type { LightbenchError } from '../../client/index.ts';
import { useCommand } from '../../client/index.ts';
import { ErrorState } from '../../components/states.tsx';

export interface PasswordDialogProps {
  readonly user: User;
  /** One's own password is changed with the old one, if there is one. */
  readonly own: boolean;
  readonly close: () => void;
}

const shortestPassword = 8;

export function PasswordDialog({ user, own, close }: PasswordDialogProps) {
  const [oldPassword, setOldPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const [error, setError] = useState<LightbenchError | null>(null);
  const setPassword = useCommand('users.setPassword', {
    onSuccess: close,
    onError: (failure) => {
      setError(failure);
      return true;
    },
  });
  const askOld = own && user.hasPassword;
  return (
    <Modal opened onClose={close} title={`Password of ${user.displayName || user.name}`} size="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setError(null);
          setPassword.mutate({ id: user.id, newPassword, ...(askOld ? { oldPassword } : {}) });
        }}
      >
        <Stack>
          {askOld && (
            <PasswordInput
              label="Old password"
              required
              autoComplete="current-password"
              value={oldPassword}
              onChange={(event) => setOldPassword(event.currentTarget.value)}
            />
          )}
          <PasswordInput
            label="New password"
            description={`At least ${shortestPassword} characters`}
            required
            data-autofocus
            autoComplete="new-password"
            value={newPassword}
            onChange={(event) => setNewPassword(event.currentTarget.value)}
          />
          {error !== null && <ErrorState inline error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" disabled={newPassword.length < shortestPassword} loading={setPassword.isPending}>
              Set password
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
