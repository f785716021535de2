import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { create } from 'zustand';
import { modelFilePath } from '../../../main/contract/models/own.ts';
import type { Template } from '../../../main/contract/training.ts';
import { useCommand, useProcedure } from '../../client/index.ts';
import { valueAt } from '../../components/editor/index.tsx';

interface ModelDraft {
  readonly text: string;
  /** Of the text that it began as; null = there is no file yet. */
  readonly base: string | null;
  readonly saved: boolean;
}

/** Model files as they are being written; leaving the screen costs nothing. */
const useModelDrafts = create<Readonly<Record<string, ModelDraft>>>(() => ({}));

export interface ModelFileDraft {
  readonly path: string;
  readonly text: string;
  readonly saved: boolean;
  edit(text: string): void;
  /** Resolves when the workspace has the text. */
  save(): Promise<void>;
}

/** The model file that the config names, where it names one; begun from a template where there is none yet. */
export function useModelFile(yaml: string, templates: readonly Template[]): ModelFileDraft | null {
  const named = modelFilePath.safeParse(valueAt(yaml, ['model', 'file']));
  const path = valueAt(yaml, ['model', 'kind']) === 'own' && named.success ? named.data : null;
  const stored = useProcedure('modelFiles.read', { path: path ?? '' }, { enabled: path !== null });
  const draft = useModelDrafts((drafts) => (path === null ? undefined : drafts[path]));
  const write = useCommand('modelFiles.write');
  const client = useQueryClient();
  const begin = templates.find(
    ({ modelFile, task }) => modelFile !== undefined && (modelFile.path === path || task === valueAt(yaml, ['task'])),
  )?.modelFile?.text;

  useEffect(() => {
    if (path === null || stored.data === undefined || stored.isPlaceholderData) return;
    if (draft !== undefined && (!draft.saved || draft.base === (stored.data?.digest ?? null))) return;
    const text = stored.data?.text ?? begin;
    if (text !== undefined)
      useModelDrafts.setState({
        [path]: { text, base: stored.data?.digest ?? null, saved: stored.data !== null },
      });
  }, [path, stored.data, stored.isPlaceholderData, draft, begin]);

  if (path === null || draft === undefined) return null;
  return {
    path,
    text: draft.text,
    saved: draft.saved,
    edit: (text) => useModelDrafts.setState({ [path]: { ...draft, text, saved: false } }),
    save: async () => {
      const now = useModelDrafts.getState()[path];
      if (now === undefined || now.saved) return;
      const { digest } = await write.mutateAsync({ path, text: now.text, expectedDigest: now.base });
      // What was stored before must not be taken for something newer than the draft.
      await client.invalidateQueries();
      const { text } = useModelDrafts.getState()[path] ?? now;
      useModelDrafts.setState({ [path]: { text, base: digest, saved: text === now.text } });
    },
  };
}
