import { Loader } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { DiffViewProps } from './diff-view.tsx';
import styles from './editor.module.css';
import type { ModelFileEditorProps } from './model-file-editor.tsx';
import type { YamlEditorProps } from './yaml-editor.tsx';

export type { KnownValue, KnownValues } from './completion.ts';
export type { JsonSchema } from './json-schema.ts';
export { valueAt, withValue } from './yaml-cursor.ts';

// Monaco is a few megabytes: it comes when the first editor does.
const LazyYamlEditor = lazy(() => import('./yaml-editor.tsx'));
const LazyModelFileEditor = lazy(() => import('./model-file-editor.tsx'));
const LazyDiffView = lazy(() => import('./diff-view.tsx'));

export function YamlEditor(props: YamlEditorProps) {
  return (
    <Suspense fallback={<Loading />}>
      <LazyYamlEditor {...props} />
    </Suspense>
  );
}

export function ModelFileEditor(props: ModelFileEditorProps) {
  return (
    <Suspense fallback={<Loading />}>
      <LazyModelFileEditor {...props} />
    </Suspense>
  );
}

export function DiffView(props: DiffViewProps) {
  return (
    <Suspense fallback={<Loading />}>
      <LazyDiffView {...props} />
    </Suspense>
  );
}

function Loading() {
  return (
    <div className={styles.loading}>
      <Loader aria-label="Loading the editor" />
    </div>
  );
}
