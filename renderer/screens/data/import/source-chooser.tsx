import { Button, Group, Progress, Stack, Text, TextInput } from '@mantine/core';
import { IconFolderOpen, IconUpload } from '@tabler/icons-react';
import type { ChangeEvent, DragEvent } from 'react';
import { useRef, useState } from 'react';
import type { DroppedFile, UploadProgress } from '../../../client/index.ts';
import { desktop, droppedFiles } from '../../../client/index.ts';
import { FolderBrowser } from '../../../components/folder-browser.tsx';
import { formatBytes, formatCount } from '../../../components/format.ts';
import classes from './import.module.css';

export interface SourceChooserProps {
  readonly onPath: (path: string) => void;
  readonly onFiles: (files: readonly DroppedFile[]) => void;
}

/** A drop zone, a path, and the folders of the machine the engine runs on. */
export function SourceChooser({ onPath, onFiles }: SourceChooserProps) {
  const [path, setPath] = useState('');
  const [over, setOver] = useState(false);
  const filePicker = useRef<HTMLInputElement>(null);
  const folderPicker = useRef<HTMLInputElement>(null);

  const onDrop = async (event: DragEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    const files = await droppedFiles(event.dataTransfer);
    if (files.length > 0) onFiles(files);
  };
  const onPick = (event: ChangeEvent<HTMLInputElement>) => {
    const files = [...(event.currentTarget.files ?? [])].map((file) => ({
      file,
      relativePath: file.webkitRelativePath || file.name,
    }));
    if (files.length > 0) onFiles(files);
  };
  const chooseNative = async (kind: 'folder' | 'file') => {
    const chosen = await desktop?.choosePath(kind);
    if (chosen) onPath(chosen);
  };
  return (
    <Stack gap="lg">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside do the same by keyboard */}
      <div
        className={classes.dropZone}
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          event.stopPropagation();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => void onDrop(event)}
      >
        <IconUpload size={22} stroke={1.5} aria-hidden />
        <Text fw={500}>Drop files or a folder here</Text>
        <Text c="dimmed" ta="center">
          Folders with one sub-folder per class, IDX pairs, CSV, TSV, Parquet or JSON tables, DICOM series
        </Text>
        {desktop === undefined ? (
          <Group gap="sm" mt={4}>
            <Button variant="default" onClick={() => folderPicker.current?.click()}>
              Choose a folder
            </Button>
            <Button variant="default" onClick={() => filePicker.current?.click()}>
              Choose files
            </Button>
            <input ref={filePicker} type="file" multiple hidden onChange={onPick} aria-label="Choose files" />
            <input
              ref={(element) => {
                folderPicker.current = element;
                // React knows no such property.
                if (element !== null) element.webkitdirectory = true;
              }}
              type="file"
              hidden
              onChange={onPick}
              aria-label="Choose a folder"
            />
          </Group>
        ) : (
          <Group gap="sm" mt={4}>
            <Button variant="default" onClick={() => void chooseNative('folder')}>
              Choose a folder
            </Button>
            <Button variant="default" onClick={() => void chooseNative('file')}>
              Choose a file
            </Button>
          </Group>
        )}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (path.trim() !== '') onPath(path.trim());
        }}
      >
        <Group align="flex-end" gap="sm">
          <TextInput
            style={{ flex: 1 }}
            label="Path on the machine that Lightbench runs on"
            placeholder="/data/digits"
            leftSection={<IconFolderOpen size={14} />}
            value={path}
            data-autofocus
            onChange={(event) => setPath(event.currentTarget.value)}
          />
          <Button type="submit" disabled={path.trim() === ''}>
            Look at it
          </Button>
        </Group>
      </form>
      <FolderBrowser onWalk={setPath} onChoose={onPath} />
    </Stack>
  );
}

/** Files on their way to the engine. */
export function UploadBar({ progress }: { readonly progress: UploadProgress }) {
  const { doneBytes, totalBytes, doneFiles, totalFiles } = progress;
  return (
    <Stack gap="sm" py="md">
      <Text fw={500}>Sending files</Text>
      <Progress value={totalBytes === 0 ? 0 : (doneBytes / totalBytes) * 100} aria-label="Upload" />
      <Text c="dimmed">
        {formatCount(doneFiles)} of {formatCount(totalFiles)} files · {formatBytes(doneBytes)} of{' '}
        {formatBytes(totalBytes)}
      </Text>
    </Stack>
  );
}
