import { Badge, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { IconClipboardCheck } from '@tabler/icons-react';
import { useSearchParams } from 'react-router';
import type { PromotionRequest } from '../../../main/contract/registry.ts';
import { useProcedure } from '../../client/index.ts';
import { Page } from '../../components/page.tsx';
import { When } from '../../components/small.tsx';
import { Answered, NothingHere } from '../../components/states.tsx';
import { RequestDetail } from './request-detail.tsx';
import { requestStates } from './request-state.ts';
import classes from './review.module.css';

/** The inbox of promotion requests, and the one that is open. */
export default function ReviewScreen() {
  const [search, setSearch] = useSearchParams();
  const pendingOnly = search.get('show') !== 'all';
  const requests = useProcedure('registry.requests', pendingOnly ? { state: 'PENDING' } : {}, { keepPrevious: true });
  const open = (id: string) =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      after.set('request', id);
      return after;
    });
  return (
    <Page
      fill
      crumbs={[{ label: 'Review' }]}
      actions={
        <SegmentedControl
          aria-label="Which requests"
          value={pendingOnly ? 'pending' : 'all'}
          onChange={(value) => setSearch(value === 'all' ? { show: 'all' } : {})}
          data={[
            { value: 'pending', label: 'Waiting' },
            { value: 'all', label: 'All' },
          ]}
        />
      }
    >
      <Answered query={requests}>
        {(list) => {
          const opened = list.find((request) => request.id === search.get('request')) ?? list[0];
          if (opened === undefined)
            return (
              <NothingHere
                icon={<IconClipboardCheck size={32} stroke={1.4} />}
                title={pendingOnly ? 'Nothing waits for a decision' : 'Nobody has asked for a promotion yet'}
              >
                When somebody asks under Models that an alias such as production be moved to a version, the request
                lands here. Another person with the approver role decides.
              </NothingHere>
            );
          return (
            <div className={classes.split}>
              <nav className={classes.inbox} aria-label="Requests">
                {list.map((request) => (
                  <RequestLine
                    key={request.id}
                    request={request}
                    current={request.id === opened.id}
                    onOpen={() => open(request.id)}
                  />
                ))}
              </nav>
              <RequestDetail key={opened.id} request={opened} />
            </div>
          );
        }}
      </Answered>
    </Page>
  );
}

interface RequestLineProps {
  readonly request: PromotionRequest;
  readonly current: boolean;
  readonly onOpen: () => void;
}

function RequestLine({ request, current, onOpen }: RequestLineProps) {
  const state = requestStates[request.state];
  return (
    <button type="button" className={classes.line} aria-current={current} onClick={onOpen}>
      <Stack gap={2}>
        <Group justify="space-between" wrap="nowrap">
          <Text fw={600} truncate>
            {request.modelName} v{request.version}
          </Text>
          <Badge color={state.color}>{state.label}</Badge>
        </Group>
        <Text>to {request.alias}</Text>
        <Text size="xs" c="dimmed">
          {request.requestedBy} · <When time={request.requestedAt} />
        </Text>
      </Stack>
    </button>
  );
}
