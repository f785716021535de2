import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import styles from './editor.module.css';
import type { Monaco } from './monaco.ts';
import { defineThemes, prepareMonaco } from './monaco.ts';

export interface DiffViewProps {
  readonly original: string;
  readonly modified: string;
  readonly label: string;
}

type DiffEditor = ReturnType<Monaco['editor']['createDiffEditor']>;

/** Two YAML documents side by side, read-only. Fills its parent. */
export default function DiffView({ original, modified, label }: DiffViewProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<DiffEditor | null>(null);
  const scheme = useComputedColorScheme('light');

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const monaco = prepareMonaco();
    defineThemes();
    const instance = monaco.editor.createDiffEditor(element, {
      readOnly: true,
      domReadOnly: true,
      originalAriaLabel: `${label}, first run`,
      modifiedAriaLabel: `${label}, second run`,
      automaticLayout: true,
      fontFamily: getComputedStyle(element).getPropertyValue('--lb-mono'),
      fontSize: 12,
      lineHeight: 19,
      minimap: { enabled: false },
      renderSideBySide: true,
      useInlineViewWhenSpaceIsLimited: true,
      hideUnchangedRegions: { enabled: true, contextLineCount: 3, minimumLineCount: 4 },
      renderOverviewRuler: false,
      scrollBeyondLastLine: false,
      lineNumbersMinChars: 3,
      fixedOverflowWidgets: true,
      scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
    });
    editor.current = instance;
    return () => {
      const models = instance.getModel();
      instance.dispose();
      models?.original.dispose();
      models?.modified.dispose();
      editor.current = null;
    };
  }, []);

  useEffect(() => {
    const monaco = prepareMonaco();
    const previous = editor.current?.getModel();
    editor.current?.setModel({
      original: monaco.editor.createModel(original, 'yaml'),
      modified: monaco.editor.createModel(modified, 'yaml'),
    });
    previous?.original.dispose();
    previous?.modified.dispose();
  }, [original, modified]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the tokens changed with the scheme
  useEffect(() => {
    if (editor.current !== null) defineThemes();
  }, [scheme]);

  return <div ref={host} className={styles.editor} />;
}
