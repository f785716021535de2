import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import type { Diagnostic } from '../../../main/contract/training.ts';
import type { KnownValues } from './completion.ts';
import styles from './editor.module.css';
import type { JsonSchema } from './json-schema.ts';
import type { Monaco } from './monaco.ts';
import { defineThemes, prepareMonaco, setModelHelp } from './monaco.ts';

export interface YamlEditorProps {
  readonly value: string;
  readonly onChange?: (value: string) => void;
  /** Ctrl/Cmd + Enter. */
  readonly onSubmit?: () => void;
  readonly label: string;
  readonly readOnly?: boolean;
  readonly schema?: JsonSchema;
  readonly known?: KnownValues;
  readonly diagnostics?: readonly Diagnostic[];
  /** A place to show and focus; a new object moves there again. */
  readonly reveal?: { readonly line: number; readonly column: number } | null;
}

type Editor = ReturnType<Monaco['editor']['create']>;

const noKnownValues: KnownValues = {};

/** YAML with completion, hover documentation and problems in place. Fills its parent. */
export default function YamlEditor(props: YamlEditorProps) {
  const { value, label, readOnly = false, schema, known = noKnownValues, diagnostics, reveal } = props;
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const handlers = useRef(props);
  handlers.current = props;
  const scheme = useComputedColorScheme('light');

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; later changes go through the effects below
  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const monaco = prepareMonaco();
    defineThemes();
    const instance = monaco.editor.create(element, {
      value,
      language: 'yaml',
      readOnly,
      domReadOnly: readOnly,
      ariaLabel: label,
      automaticLayout: true,
      fontFamily: getComputedStyle(element).getPropertyValue('--lb-mono'),
      fontSize: 13,
      lineHeight: 20,
      tabSize: 2,
      minimap: { enabled: false },
      scrollBeyondLastLine: false,
      renderLineHighlight: readOnly ? 'none' : 'line',
      lineNumbersMinChars: 3,
      padding: { top: 10, bottom: 10 },
      fixedOverflowWidgets: true,
      quickSuggestions: { other: true, strings: true, comments: false },
      suggest: { showWords: false, preview: false },
      wordBasedSuggestions: 'off',
      occurrencesHighlight: 'off',
      bracketPairColorization: { enabled: false },
      accessibilitySupport: 'auto',
      // A text area, so that everything which must not answer to typed letters knows it for one.
      editContext: false,
      scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false },
    });
    editor.current = instance;
    instance.addAction({
      id: 'lightbench.submit',
      label: 'Start run',
      keybindings: [monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter],
      run: () => handlers.current.onSubmit?.(),
    });
    const listener = instance.onDidChangeModelContent(() => handlers.current.onChange?.(instance.getValue()));
    return () => {
      const uri = instance.getModel()?.uri.toString();
      if (uri !== undefined) setModelHelp(uri, null);
      listener.dispose();
      instance.getModel()?.dispose();
      instance.dispose();
      editor.current = null;
    };
  }, []);

  useEffect(() => {
    const instance = editor.current;
    const model = instance?.getModel();
    if (instance === null || model === null || model === undefined || instance.getValue() === value) return;
    // As an edit, so that undo goes back past it.
    instance.pushUndoStop();
    model.pushEditOperations([], [{ range: model.getFullModelRange(), text: value }], () => null);
    instance.pushUndoStop();
  }, [value]);

  useEffect(() => {
    const uri = editor.current?.getModel()?.uri.toString();
    if (uri !== undefined) setModelHelp(uri, schema === undefined ? null : { schema, known });
  }, [schema, known]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (model === null || model === undefined) return;
    const monaco = prepareMonaco();
    monaco.editor.setModelMarkers(
      model,
      'lightbench',
      (diagnostics ?? []).map((entry) => ({
        severity: entry.severity === 'error' ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning,
        message: entry.suggestion === '' ? entry.message : `${entry.message}\n${entry.suggestion}`,
        startLineNumber: entry.line,
        startColumn: entry.column,
        endLineNumber: entry.endLine,
        endColumn: entry.endColumn,
      })),
    );
  }, [diagnostics]);

  useEffect(() => {
    if (reveal === null || reveal === undefined) return;
    const position = { lineNumber: reveal.line, column: reveal.column };
    editor.current?.revealPositionInCenterIfOutsideViewport(position);
    editor.current?.setPosition(position);
    editor.current?.focus();
  }, [reveal]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the tokens changed with the scheme
  useEffect(() => {
    if (editor.current !== null) defineThemes();
  }, [scheme]);

  return <div ref={host} className={styles.editor} />;
}
