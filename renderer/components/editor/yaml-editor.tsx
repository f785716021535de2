import { useEffect } from 'react';
import type { Diagnostic } from '../../../main/contract/training.ts';
import type { KnownValues } from './completion.ts';
import styles from './editor.module.css';
import type { JsonSchema } from './json-schema.ts';
import type { Monaco } from './monaco.ts';
import { setModelHelp } from './monaco.ts';
import { useTextEditor } from './use-text-editor.ts';

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

const noKnownValues: KnownValues = {};
const noDiagnostics: readonly Diagnostic[] = [];
const createModel = (monaco: Monaco, value: string) => monaco.editor.createModel(value, 'yaml');

/** YAML with completion, hover documentation and problems in place. Fills its parent. */
export default function YamlEditor(props: YamlEditorProps) {
  const { value, label, readOnly = false, schema, known = noKnownValues, diagnostics = noDiagnostics, reveal } = props;
  const { host, editor } = useTextEditor({
    document: 'yaml',
    value,
    label,
    createModel,
    onChange: props.onChange,
    actions: [{ id: 'submit', label: 'Start run', key: 'Enter', run: () => props.onSubmit?.() }],
    options: {
      readOnly,
      domReadOnly: readOnly,
      renderLineHighlight: readOnly ? 'none' : 'line',
      quickSuggestions: { other: true, strings: true, comments: false },
      suggest: { showWords: false, preview: false },
      wordBasedSuggestions: 'off',
      occurrencesHighlight: 'off',
    },
    diagnostics,
    reveal: reveal ?? null,
  });

  useEffect(() => {
    const uri = editor.current?.getModel()?.uri.toString();
    if (uri === undefined) return;
    setModelHelp(uri, schema === undefined ? null : { schema, known });
    return () => setModelHelp(uri, null);
  }, [schema, known, editor]);

  return <div ref={host} className={styles.editor} />;
}
