import { ActionIcon, Badge, Button, Group, Menu, Stack, Table, Text } from '@mantine/core';
import { IconDots, IconKey, IconLogin, IconUserOff, IconUserPlus } from '@tabler/icons-react';
import { useState } from 'react';
import type { User } from '../../../main/contract/governance.ts';
import { useCommand, useProcedure, wantSignIn } from '../../client/index.ts';
import { Panel } from '../../components/panel.tsx';
import { useScreenActions } from '../../components/screen-actions.ts';
import { When } from '../../components/small.tsx';
import { Answered } from '../../components/states.tsx';
import { PasswordDialog } from './password-dialog.tsx';
import { UserDialog } from './user-dialog.tsx';

type Dialog = { readonly kind: 'create' } | { readonly kind: 'edit' | 'password'; readonly user: User };

/** Who works here and what they may do. */
export function PeopleSection() {
  const users = useProcedure('users.list', {});
  const me = useProcedure('session.current', {});
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const update = useCommand('users.update');
  const create = () => setDialog({ kind: 'create' });
  useScreenActions('People', [{ id: 'create', label: 'Add a person', shortcut: 'n', run: create }]);
  return (
    <Stack gap="lg">
      <Panel
        title="People"
        flush
        aside={
          <Group gap="sm">
            <Button variant="default" leftSection={<IconLogin size={14} />} onClick={() => wantSignIn(true)}>
              Sign in
            </Button>
            <Button leftSection={<IconUserPlus size={14} />} onClick={create}>
              Add a person
            </Button>
          </Group>
        }
      >
        <Answered query={users}>
          {(list) => (
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Name</Table.Th>
                  <Table.Th>Roles</Table.Th>
                  <Table.Th>Password</Table.Th>
                  <Table.Th>Added</Table.Th>
                  <Table.Th w={44}>
                    <span style={{ position: 'absolute', clipPath: 'inset(50%)' }}>Actions</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {list.map((user) => (
                  <Table.Tr key={user.id} c={user.disabled ? 'dimmed' : undefined}>
                    <Table.Td>
                      <Group gap={6}>
                        <Text fw={500}>{user.displayName || user.name}</Text>
                        {user.displayName !== '' && user.displayName !== user.name && (
                          <Text c="dimmed">{user.name}</Text>
                        )}
                        {me.data?.id === user.id && <Badge>you</Badge>}
                        {user.disabled && <Badge color="red">may not sign in</Badge>}
                      </Group>
                    </Table.Td>
                    <Table.Td>
                      <Group gap={4}>
                        {user.roles.map((role) => (
                          <Badge key={role} color="gray">
                            {role}
                          </Badge>
                        ))}
                      </Group>
                    </Table.Td>
                    <Table.Td c={user.hasPassword ? undefined : 'dimmed'}>{user.hasPassword ? 'set' : 'none'}</Table.Td>
                    <Table.Td c="dimmed">
                      <When time={user.createdAt} />
                    </Table.Td>
                    <Table.Td>
                      <Menu position="bottom-end">
                        <Menu.Target>
                          <ActionIcon aria-label={`Actions for ${user.name}`}>
                            <IconDots size={16} />
                          </ActionIcon>
                        </Menu.Target>
                        <Menu.Dropdown>
                          <Menu.Item onClick={() => setDialog({ kind: 'edit', user })}>Change name and roles</Menu.Item>
                          <Menu.Item
                            leftSection={<IconKey size={14} />}
                            onClick={() => setDialog({ kind: 'password', user })}
                          >
                            Set password
                          </Menu.Item>
                          <Menu.Item
                            leftSection={<IconUserOff size={14} />}
                            disabled={me.data?.id === user.id}
                            onClick={() => update.mutate({ id: user.id, disabled: !user.disabled })}
                          >
                            {user.disabled ? 'Let sign in again' : 'Stop signing in'}
                          </Menu.Item>
                        </Menu.Dropdown>
                      </Menu>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )}
        </Answered>
      </Panel>
      <Text c="dimmed" maw={640}>
        While the owner of the workspace has no password, whoever opens it works as the owner. Approvals always ask for
        the approver’s own name and password.
      </Text>
      {dialog?.kind === 'create' && <UserDialog close={() => setDialog(null)} />}
      {dialog?.kind === 'edit' && <UserDialog user={dialog.user} close={() => setDialog(null)} />}
      {dialog?.kind === 'password' && (
        <PasswordDialog user={dialog.user} own={dialog.user.id === me.data?.id} close={() => setDialog(null)} />
      )}
    </Stack>
  );
}
