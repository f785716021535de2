import { Button, Group, Modal, Stack } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { ImportOptions, Inspection } from '../../../../main/contract/datasets.ts';
import type { DroppedFile, UploadProgress } from '../../../client/index.ts';
import { call, LightbenchError, upload, useCommand } from '../../../client/index.ts';
import { ErrorState, Loading } from '../../../components/states.tsx';
import { ImportPreview } from './import-preview.tsx';
import { OptionsForm } from './options-form.tsx';
import { SourceChooser, UploadBar } from './source-chooser.tsx';

export interface ImportDialogProps {
  readonly opened: boolean;
  readonly close: () => void;
  /** Files dropped before the dialog opened. */
  readonly dropped: readonly DroppedFile[] | null;
}

/** One step at a time; what the step needs comes with it. */
type Step =
  | { readonly name: 'choose' }
  | { readonly name: 'uploading'; readonly progress: UploadProgress }
  | { readonly name: 'inspecting'; readonly path: string }
  | { readonly name: 'failed'; readonly error: LightbenchError }
  | { readonly name: 'options'; readonly inspection: Inspection; readonly options: ImportOptions };

/** Choose a source, see what it is, adjust, import. The import itself is a job and goes on in the tray. */
export function ImportDialog({ opened, close, dropped }: ImportDialogProps) {
  const [step, setStep] = useState<Step>({ name: 'choose' });
  const abort = useRef<AbortController>(null);
  const start = useCommand('datasets.import', {
    onSuccess: () => leave(),
    onError: (error) => {
      setStep({ name: 'failed', error });
      return true;
    },
  });

  const leave = () => {
    abort.current?.abort();
    setStep({ name: 'choose' });
    close();
  };
  const attempt = async (work: (signal: AbortSignal) => Promise<void>) => {
    const controller = new AbortController();
    abort.current = controller;
    try {
      await work(controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) setStep({ name: 'failed', error: LightbenchError.from(error) });
    }
  };
  const inspect = (path: string) =>
    attempt(async (signal) => {
      setStep({ name: 'inspecting', path });
      const inspection = await call('datasets.inspect', { path }, signal);
      setStep({ name: 'options', inspection, options: inspection.suggested });
    });
  const bring = (files: readonly DroppedFile[]) =>
    attempt(async (signal) => {
      const path = await upload(files, (progress) => setStep({ name: 'uploading', progress }), signal);
      await inspect(path);
    });

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was dropped starts by itself, once
  useEffect(() => {
    if (opened && dropped !== null) void bring(dropped);
  }, [opened, dropped]);

  return (
    <Modal opened={opened} onClose={leave} title="Import data" size="xl">
      {step.name === 'choose' && (
        <SourceChooser onPath={(path) => void inspect(path)} onFiles={(files) => void bring(files)} />
      )}
      {step.name === 'uploading' && <UploadBar progress={step.progress} />}
      {step.name === 'inspecting' && <Loading lines={4} />}
      {step.name === 'failed' && (
        <Stack>
          <ErrorState inline error={step.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setStep({ name: 'choose' })}>
              Choose another source
            </Button>
          </Group>
        </Stack>
      )}
      {step.name === 'options' && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            start.mutate({ path: step.inspection.path, options: step.options });
          }}
        >
          <Stack gap="lg">
            <ImportPreview inspection={step.inspection} />
            <OptionsForm
              inspection={step.inspection}
              options={step.options}
              onChange={(options) => setStep({ ...step, options })}
            />
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setStep({ name: 'choose' })}>
                Back
              </Button>
              <Button type="submit" loading={start.isPending}>
                Import
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
