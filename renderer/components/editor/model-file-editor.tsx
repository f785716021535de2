import * as typescript from 'monaco-editor/languages/features/typescript/register.js';
import 'monaco-editor/languages/definitions/typescript/register.js';
import declarations from '../../../main/contract/model-file.d.ts?raw';
import type { Diagnostic } from '../../../main/contract/training.ts';
import styles from './editor.module.css';
import type { TextModel } from './use-text-editor.ts';
import { useTextEditor } from './use-text-editor.ts';

export interface ModelFileEditorProps {
  /** `models/my-net.ts` */
  readonly path: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Ctrl/Cmd + Enter. */
  readonly onSubmit: () => void;
  /** Ctrl/Cmd + S. */
  readonly onSave: () => void;
  /** What running the file found; types are checked here. */
  readonly diagnostics: readonly Diagnostic[];
  readonly reveal: { readonly line: number; readonly column: number } | null;
}

let prepared = false;

/** The words a model file can import, and the TypeScript that it is written in. */
function prepareTypeScript(): void {
  if (prepared) return;
  prepared = true;
  const { typescriptDefaults, ScriptTarget, ModuleKind, ModuleResolutionKind } = typescript;
  typescriptDefaults.setCompilerOptions({
    target: ScriptTarget.ES2020,
    module: ModuleKind.ESNext,
    moduleResolution: ModuleResolutionKind.NodeJs,
    strict: true,
    noEmit: true,
    // The language alone: a model file has no window and no process.
    lib: ['lib.es2020.d.ts'],
    types: [],
    erasableSyntaxOnly: true,
  });
  typescriptDefaults.addExtraLib(declarations, 'file:///lightbench.d.ts');
}

/** A problem says where it begins; what is marked is the rest of the line. */
const restOfLine = (model: TextModel, { line }: Diagnostic) => ({
  line,
  column: model.getLineMaxColumn(Math.min(line, model.getLineCount())),
});

/** A model file with completion, hover documentation and a type check. Fills its parent. */
export default function ModelFileEditor(props: ModelFileEditorProps) {
  const { path, value, onChange, onSubmit, onSave, diagnostics, reveal } = props;
  const { host } = useTextEditor({
    document: path,
    value,
    label: `Model file, TypeScript: ${path}`,
    createModel: (monaco, text) => {
      prepareTypeScript();
      const uri = monaco.Uri.parse(`file:///${path}`);
      return monaco.editor.getModel(uri) ?? monaco.editor.createModel(text, 'typescript', uri);
    },
    onChange,
    actions: [
      { id: 'submit', label: 'Start run', key: 'Enter', run: onSubmit },
      { id: 'save', label: 'Save the model file', key: 'KeyS', run: onSave },
    ],
    options: {},
    diagnostics,
    markEnd: restOfLine,
    reveal,
  });
  return <div ref={host} className={styles.editor} />;
}
