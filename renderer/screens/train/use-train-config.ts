import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useMemo, useRef } from 'react';
import { useSearchParams } from 'react-router';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { Diagnostic, ModelSummary, Template } from '../../../main/contract/training.ts';
import { useProcedure } from '../../client/index.ts';
import type { KnownValues } from '../../components/editor/index.tsx';
import { valueAt, withValue } from '../../components/editor/index.tsx';
import { formatPlural } from '../../components/format.ts';
import { headlineOf } from './combine-choice.ts';
import { findVersion, referenceOf } from './dataset-choice.ts';
import { isEdited, setDraft, useDraft } from './draft.ts';
import { type ModelFileDraft, useModelFile } from './use-model-file.ts';

const validateAfterMs = 250;
const noVersions: readonly DatasetVersion[] = [];
const noDiagnostics: readonly Diagnostic[] = [];

export interface TrainConfig {
  readonly yaml: string;
  readonly edited: boolean;
  readonly datasets: { readonly isPending: boolean; readonly error: unknown; readonly refetch: () => unknown };
  readonly versions: readonly DatasetVersion[];
  readonly dataset: DatasetVersion | undefined;
  readonly templates: readonly Template[];
  readonly diagnostics: readonly Diagnostic[];
  readonly summary: ModelSummary | null;
  /** The shown summary belongs to an earlier, sound text. */
  readonly summaryIsStale: boolean;
  readonly validationError: unknown;
  /** The text as it stands was checked. */
  readonly checked: boolean;
  /** It was checked and has no errors. */
  readonly sound: boolean;
  readonly known: KnownValues;
  /** Where the model is one of your own. */
  readonly modelFile: ModelFileDraft | null;
  chooseDataset(digest: string): void;
  chooseTemplate(id: string): void;
}

/** The text, what the engine says of it, and what can be put into it. `?dataset=` and `?run=` say what to begin with. */
export function useTrainConfig(): TrainConfig {
  const draft = useDraft();
  const [search, setSearch] = useSearchParams();
  const wantedRun = search.get('run');
  const wantedDataset = search.get('dataset');

  const datasets = useProcedure('datasets.list', {});
  const versions = useMemo(() => datasets.data?.flatMap((entry) => entry.versions) ?? noVersions, [datasets.data]);
  const named = useMemo(() => findVersion(versions, valueAt(draft.yaml, ['data', 'dataset'])), [versions, draft.yaml]);
  const wanted = findVersion(versions, wantedDataset);
  const dataset = wanted ?? named ?? (draft.yaml === '' ? versions[0] : undefined);
  const templates = useProcedure('training.templates', dataset === undefined ? {} : { datasetDigest: dataset.digest }, {
    enabled: datasets.data !== undefined,
    keepPrevious: true,
  });
  const source = useProcedure('runs.get', { runId: wantedRun ?? '' }, { enabled: wantedRun !== null });
  const known = useKnownValues(versions, dataset);

  // What the address asks for is put into the text once, then the address is clean again. Navigation takes its time: until
  // it is done, the same request must not be answered twice.
  const answered = useRef<string | null>(null);
  const request = search.toString();
  const fresh = templates.data !== undefined && !templates.isPlaceholderData ? templates.data : undefined;
  useEffect(() => {
    if (request === '') answered.current = null;
    if (request !== '' && answered.current === request) return;
    const begin = fresh?.[0];
    if (wantedRun !== null) {
      if (source.data === undefined) return;
      setDraft({ yaml: source.data.yaml, origin: source.data.yaml });
    } else if (wantedDataset !== null) {
      if (fresh === undefined || wanted === undefined || dataset !== wanted) return;
      const sameTask = fresh.some(({ task }) => task === valueAt(draft.yaml, ['task']));
      if (isEdited(draft) && sameTask)
        setDraft({ ...draft, yaml: withValue(draft.yaml, ['data', 'dataset'], referenceOf(wanted)) });
      else if (begin !== undefined) setDraft({ yaml: begin.yaml, origin: begin.yaml });
    } else {
      if (draft.yaml === '' && dataset !== undefined && begin !== undefined)
        setDraft({ yaml: begin.yaml, origin: begin.yaml });
      return;
    }
    answered.current = request;
    setSearch({}, { replace: true });
  }, [request, wantedRun, wantedDataset, wanted, dataset, fresh, source.data, draft, setSearch]);

  const modelFile = useModelFile(draft.yaml, templates.data ?? []);
  const [checked] = useDebouncedValue(draft.yaml, validateAfterMs);
  const [checkedText] = useDebouncedValue(modelFile?.text, validateAfterMs);
  const asked =
    modelFile === null || checkedText === undefined ? {} : { modelFile: { path: modelFile.path, text: checkedText } };
  const answer = useProcedure(
    'training.validate',
    { yaml: checked, ...asked },
    { enabled: checked !== '', keepPrevious: true },
  );
  const lastSummary = useRef<ModelSummary | null>(null);
  if (answer.data?.summary) lastSummary.current = answer.data.summary;
  const diagnostics = answer.data?.diagnostics ?? noDiagnostics;
  const isChecked = checked === draft.yaml && checkedText === modelFile?.text;
  const current = isChecked && !answer.isPlaceholderData && answer.data !== undefined;

  return {
    yaml: draft.yaml,
    edited: isEdited(draft),
    datasets,
    versions,
    dataset,
    templates: templates.data ?? [],
    diagnostics,
    summary: answer.data?.summary ?? lastSummary.current,
    summaryIsStale: answer.data !== undefined && answer.data.summary === null,
    validationError: answer.error,
    checked: current,
    sound: current && !diagnostics.some(({ severity }) => severity === 'error'),
    known,
    modelFile,
    chooseDataset: (digest) => setSearch({ dataset: digest }, { replace: true }),
    chooseTemplate: (id) => {
      const template = templates.data?.find((entry) => entry.id === id);
      if (template !== undefined) setDraft({ yaml: template.yaml, origin: template.yaml });
    },
  };
}

function useKnownValues(versions: readonly DatasetVersion[], dataset: DatasetVersion | undefined): KnownValues {
  const devices = useProcedure('devices.list', {});
  const labelSets = useProcedure(
    'labels.list',
    { datasetDigest: dataset?.digest ?? '' },
    { enabled: dataset !== undefined },
  );
  const runs = useProcedure('runs.list', { datasetDigest: dataset?.digest ?? '' }, { enabled: dataset !== undefined });
  return useMemo(() => {
    const trained = (runs.data ?? [])
      .filter(({ status }) => status === 'FINISHED')
      .map((run) => ({ value: run.id, detail: `${run.name}, ${headlineOf(run)}` }));
    return {
      'model.members': trained,
      'loss.teacher': trained,
      'data.dataset': versions.map((version) => ({
        value: referenceOf(version),
        detail: `${formatPlural(version.rows, version.kind === 'table' ? 'row' : 'image')}, ${formatPlural(version.classes.length, 'class', 'classes')}`,
      })),
      'data.labelSet': (labelSets.data ?? []).map((labelSet) => ({ value: labelSet.id, detail: labelSet.name })),
      'data.features': (dataset?.schema ?? [])
        .filter((column) => column.name !== dataset?.target)
        .map((column) => ({ value: column.name, detail: column.type })),
      device: [
        { value: 'auto', detail: 'the first GPU whose self-test passed' },
        ...(devices.data ?? [])
          .filter((device) => device.offered)
          .map((device) => ({ value: device.id, detail: device.title })),
      ],
    };
  }, [versions, dataset, labelSets.data, devices.data, runs.data]);
}
