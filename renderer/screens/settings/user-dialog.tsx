import { Button, Checkbox, Group, Modal, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { User } from '../../../main/contract/governance.ts';
import type { Role } from '../../../main/contract/procedure.ts';
import { roles } from '../../../main/contract/procedure.ts';
import type { LightbenchError } from '../../client/index.ts';
import { useCommand } from '../../client/index.ts';
import { ErrorState } from '../../components/states.tsx';

const roleDescriptions: Readonly<Record<Role, string>> = {
  researcher: 'Imports, trains, registers, asks for promotion, deploys',
  annotator: 'Imports and labels',
  clinician: 'Labels, evaluates, asks for promotion',
  approver: 'Decides promotion requests of others',
  admin: 'Everything, and the people',
};

const shortestPassword = 8;

/** Adds a person, or changes one. */
export function UserDialog({ user, close }: { readonly user?: User; readonly close: () => void }) {
  const [name, setName] = useState(user?.name ?? '');
  const [displayName, setDisplayName] = useState(user?.displayName ?? '');
  const [chosen, setChosen] = useState<readonly string[]>(user?.roles ?? ['researcher']);
  const [password, setPassword] = useState('');
  const [error, setError] = useState<LightbenchError | null>(null);
  const handlers = {
    onSuccess: close,
    onError: (failure: LightbenchError) => {
      setError(failure);
      return true;
    },
  };
  const create = useCommand('users.create', handlers);
  const update = useCommand('users.update', handlers);
  const wanted = roles.filter((role) => chosen.includes(role));
  const complete =
    wanted.length > 0 && (user !== undefined || (name.trim() !== '' && password.length >= shortestPassword));
  const submit = () => {
    setError(null);
    if (user === undefined) create.mutate({ name, displayName, roles: [...wanted], password });
    else update.mutate({ id: user.id, displayName, roles: [...wanted] });
  };
  return (
    <Modal opened onClose={close} title={user === undefined ? 'Add a person' : `Change ${user.name}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack>
          {user === undefined && (
            <TextInput
              label="Name"
              description="Signs with it; cannot be changed later"
              required
              data-autofocus
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          )}
          <TextInput
            label="Display name"
            value={displayName}
            onChange={(event) => setDisplayName(event.currentTarget.value)}
          />
          <Checkbox.Group label="Roles" value={[...chosen]} onChange={setChosen}>
            <Stack gap={8} mt={6}>
              {roles.map((role) => (
                <Checkbox key={role} value={role} label={role} description={roleDescriptions[role]} />
              ))}
            </Stack>
          </Checkbox.Group>
          {user === undefined && (
            <PasswordInput
              label="Password"
              description={`At least ${shortestPassword} characters`}
              required
              autoComplete="new-password"
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
          )}
          {error !== null && <ErrorState inline error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" disabled={!complete} loading={create.isPending || update.isPending}>
              {user === undefined ? 'Add' : 'Save'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
