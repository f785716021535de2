import { Button, Group, ScrollArea, Text, UnstyledButton } from '@mantine/core';
import { IconArrowUp, IconFile, IconFolder } from '@tabler/icons-react';
import { useState } from 'react';
import { useProcedure } from '../client/index.ts';
import classes from './folder-browser.module.css';
import { formatBytes } from './format.ts';
import { ErrorState, Loading } from './states.tsx';

export interface FolderBrowserProps {
  /** Called with every folder and file on the way. */
  readonly onWalk: (path: string) => void;
  readonly onChoose: (path: string) => void;
  /** Only files with this ending are shown, and a folder cannot be chosen. */
  readonly ending?: string;
}

/** Folders and files as the engine sees them: on a headless workstation that is another machine than this one. */
export function FolderBrowser({ onWalk, onChoose, ending }: FolderBrowserProps) {
  const [folder, setFolder] = useState<string | undefined>(undefined);
  const listing = useProcedure('workspace.browse', folder === undefined ? {} : { path: folder }, {
    keepPrevious: true,
  });
  const walk = (to: string) => {
    setFolder(to);
    onWalk(to);
  };
  if (listing.error) return <ErrorState inline error={listing.error} retry={() => setFolder(undefined)} />;
  if (listing.data === undefined) return <Loading lines={4} />;
  const { path, parent } = listing.data;
  const entries = listing.data.entries.filter(
    ({ kind, name }) => ending === undefined || kind === 'folder' || name.endsWith(ending),
  );
  return (
    <div className={classes.browser}>
      <Group justify="space-between" wrap="nowrap" px="sm" py={4} className={classes.browserHead}>
        <Group gap={4} wrap="nowrap" miw={0}>
          <Button
            variant="subtle"
            color="gray"
            px={6}
            aria-label="Folder above"
            disabled={parent === null}
            onClick={() => parent !== null && walk(parent)}
          >
            <IconArrowUp size={14} />
          </Button>
          <Text truncate title={path}>
            {path}
          </Text>
        </Group>
        {ending === undefined && (
          <Button variant="default" onClick={() => onChoose(path)}>
            Use this folder
          </Button>
        )}
      </Group>
      <ScrollArea h={200} type="auto" viewportProps={{ tabIndex: -1 }}>
        {entries.length === 0 && (
          <Text c="dimmed" p="md">
            {ending === undefined ? 'This folder is empty.' : `No folder and no ${ending} file here.`}
          </Text>
        )}
        {entries.map((entry) => (
          <UnstyledButton
            key={entry.path}
            className={classes.entry}
            onClick={() => (entry.kind === 'folder' ? walk(entry.path) : onWalk(entry.path))}
            onDoubleClick={() => entry.kind === 'file' && onChoose(entry.path)}
          >
            {entry.kind === 'folder' ? (
              <IconFolder size={15} stroke={1.6} aria-label="Folder" />
            ) : (
              <IconFile size={15} stroke={1.6} aria-label="File" />
            )}
            <span className={classes.entryName}>{entry.name}</span>
            {entry.sizeBytes !== null && <span className={classes.entrySize}>{formatBytes(entry.sizeBytes)}</span>}
          </UnstyledButton>
        ))}
      </ScrollArea>
    </div>
  );
}
