import { Badge, Button, Group, SegmentedControl, Select, Text, Tooltip } from '@mantine/core';
import {
  IconChartLine,
  IconDatabase,
  IconFileImport,
  IconPlayerPlay,
  IconStack2,
  IconTargetArrow,
} from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import type { Diagnostic } from '../../../main/contract/training.ts';
import { useCommand, useProcedure } from '../../client/index.ts';
import type { JsonSchema } from '../../components/editor/index.tsx';
import { ModelFileEditor, withValue, YamlEditor } from '../../components/editor/index.tsx';
import { formatPlural } from '../../components/format.ts';
import { Page } from '../../components/page.tsx';
import { paths } from '../../components/paths.ts';
import { useScreenActions } from '../../components/screen-actions.ts';
import { Keys } from '../../components/small.tsx';
import { ErrorState, Loading, NothingHere } from '../../components/states.tsx';
import { CombineDialog } from './combine-dialog.tsx';
import { editDraft } from './draft.ts';
import { ImportModelDialog } from './import-model-dialog.tsx';
import { ModelPreview } from './model-preview.tsx';
import { ProblemList } from './problem-list.tsx';
import classes from './train.module.css';
import { TrialDialog, type TrialKind, useTrial } from './trial-dialog.tsx';
import type { TrainConfig } from './use-train-config.ts';
import { useTrainConfig } from './use-train-config.ts';

/** A run config beside the model that it describes. */
export default function TrainScreen() {
  const config = useTrainConfig();
  const schema = useProcedure('training.schema', {}, { staleTimeMs: Number.POSITIVE_INFINITY });
  const navigate = useNavigate();
  const start = useCommand('training.start', { onSuccess: ({ runId }) => void navigate(paths.run(runId)) });
  const [reveal, setReveal] = useState<{ line: number; column: number } | null>(null);

  const { modelFile } = config;
  const [tab, setTab] = useState<'config' | 'file'>('config');
  const inFile = modelFile !== null && tab === 'file';
  const show = ({ file, line, column }: Diagnostic) => {
    setTab(file === undefined ? 'config' : 'file');
    setReveal({ line, column });
  };
  const errors = config.diagnostics.filter(({ severity }) => severity === 'error');
  // Whoever is faster than the check of the last letters is kept in mind until it is done.
  const [wanted, setWanted] = useState(false);
  const run = () => {
    setWanted(!config.checked);
    if (config.sound && !start.isPending) {
      const saved = config.modelFile?.save() ?? Promise.resolve();
      void saved.then(() => start.mutate({ yaml: config.yaml })).catch(() => {});
    } else if (config.checked && errors[0] !== undefined) show(errors[0]);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever writes on has changed their mind
  useEffect(() => setWanted(false), [config.yaml]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the check that was waited for is done
  useEffect(() => {
    if (wanted && config.checked) run();
  }, [wanted, config.checked]);
  useScreenActions('Train', [{ id: 'start', label: 'Start run', shortcut: 'mod+enter', run }]);

  if (config.datasets.error && config.versions.length === 0)
    return (
      <Page crumbs={[{ label: 'Train' }]}>
        <ErrorState error={config.datasets.error} retry={() => void config.datasets.refetch()} />
      </Page>
    );
  if (!config.datasets.isPending && config.versions.length === 0) return <NoDatasets />;

  return (
    <Page
      crumbs={[{ label: 'Train' }]}
      fill
      actions={
        <Group gap="sm" wrap="nowrap">
          <Trials config={config} />
          <Tooltip
            label={errors.length > 0 ? 'Go to the first problem' : 'Start a run with this config'}
            disabled={config.sound}
          >
            <Button
              leftSection={<IconPlayerPlay size={14} />}
              rightSection={<Keys shortcut="mod+enter" />}
              className={classes.start}
              loading={start.isPending || (wanted && config.validationError === null)}
              variant={errors.length > 0 ? 'default' : 'filled'}
              onClick={run}
            >
              Start run
            </Button>
          </Tooltip>
        </Group>
      }
      toolbar={<Choices config={config} />}
    >
      <div className={classes.split}>
        <section className={classes.writing} aria-label="Config">
          {modelFile !== null && (
            <SegmentedControl
              size="xs"
              className={classes.files}
              aria-label="File"
              value={tab}
              onChange={(value) => {
                setReveal(null);
                setTab(value === 'file' ? 'file' : 'config');
              }}
              data={[
                { value: 'config', label: 'Config' },
                { value: 'file', label: `${modelFile.path}${modelFile.saved ? '' : ' •'}` },
              ]}
            />
          )}
          <div className={classes.editor} hidden={!inFile}>
            {inFile && (
              <ModelFileEditor
                path={modelFile.path}
                value={modelFile.text}
                onChange={modelFile.edit}
                onSubmit={run}
                onSave={() => void modelFile.save().catch(() => {})}
                diagnostics={config.diagnostics.filter(({ file }) => file === modelFile.path)}
                reveal={reveal}
              />
            )}
          </div>
          <div className={classes.editor} hidden={inFile}>
            <YamlEditor
              label="Run config, YAML"
              value={config.yaml}
              onChange={editDraft}
              onSubmit={run}
              known={config.known}
              diagnostics={config.diagnostics.filter(({ file }) => file === undefined)}
              reveal={inFile ? null : reveal}
              {...(schema.data === undefined ? {} : { schema: schema.data.schema as JsonSchema })}
            />
          </div>
          {config.diagnostics.length > 0 && <ProblemList diagnostics={config.diagnostics} onReveal={show} />}
        </section>
        <section className={classes.side} aria-label="Architecture">
          <h2 className={classes.sideTitle}>
            Architecture
            {config.summaryIsStale && config.summary !== null && <Badge color="yellow">before the last change</Badge>}
          </h2>
          {config.validationError !== null && config.summary === null ? (
            <ErrorState error={config.validationError} />
          ) : config.summary === null ? (
            errors.length > 0 ? (
              <Text c="dimmed" p="lg">
                Solve {errors.length === 1 ? 'the problem' : 'the problems'} on the left to see the layers, their shapes
                and what they cost.
              </Text>
            ) : (
              <div className={classes.waiting}>
                <Loading />
              </div>
            )
          ) : (
            <ModelPreview summary={config.summary} stale={config.summaryIsStale} />
          )}
        </section>
      </div>
    </Page>
  );
}

/** Two questions to ask of a config before a run is worth its time. */
function Trials({ config }: { readonly config: TrainConfig }) {
  const { trial, pending, start, close } = useTrial();
  const ask = (kind: TrialKind) => {
    const saved = config.modelFile?.save() ?? Promise.resolve();
    void saved.then(() => start(kind, config.yaml)).catch(() => {});
  };
  const button = (kind: TrialKind, label: string, hint: string, icon: ReactNode) => (
    <Tooltip label={config.sound ? hint : 'Solve the problems of the config first'}>
      <Button
        variant="default"
        leftSection={icon}
        loading={pending === kind}
        data-disabled={!config.sound || undefined}
        aria-disabled={!config.sound}
        onClick={() => config.sound && ask(kind)}
      >
        {label}
      </Button>
    </Tooltip>
  );
  return (
    <>
      {button(
        'learning_rate',
        'Find rate',
        'Trains a few steps while the learning rate grows, and suggests one',
        <IconChartLine size={14} />,
      )}
      {button(
        'one_batch',
        'Overfit one batch',
        'Tries whether the model can learn one batch by heart, and says what stands in its way if not',
        <IconTargetArrow size={14} />,
      )}
      <TrialDialog
        jobId={trial?.jobId ?? null}
        kind={trial?.kind ?? 'learning_rate'}
        close={close}
        onUseRate={(rate) => {
          editDraft(withValue(config.yaml, ['optimizer', 'learningRate'], rate));
          close();
        }}
      />
    </>
  );
}

function Choices({ config }: { readonly config: TrainConfig }) {
  const { dataset, templates } = config;
  const [importing, setImporting] = useState(false);
  const [combining, setCombining] = useState(false);
  return (
    <Group gap="lg" wrap="nowrap" py={6} flex={1} miw={0}>
      <Group gap="sm" wrap="nowrap">
        <Text size="xs" c="dimmed" component="label" htmlFor="train-dataset">
          Dataset
        </Text>
        <Select
          id="train-dataset"
          w={200}
          searchable
          allowDeselect={false}
          placeholder="Choose a dataset"
          value={dataset?.digest ?? null}
          onChange={(digest) => digest !== null && config.chooseDataset(digest)}
          data={config.versions.map((version) => ({
            value: version.digest,
            label: `${version.name}@${version.version}`,
          }))}
        />
      </Group>
      <Group gap="sm" wrap="nowrap">
        <Text size="xs" c="dimmed" component="label" htmlFor="train-template">
          Template
        </Text>
        <Select
          id="train-template"
          w={240}
          allowDeselect
          placeholder={config.edited ? 'Own config – choose to start over' : 'Start from a template'}
          value={config.edited ? null : (templates.find(({ yaml }) => yaml === config.yaml)?.id ?? null)}
          onChange={(id) => id !== null && config.chooseTemplate(id)}
          data={templates.map((template) => ({ value: template.id, label: template.title }))}
          renderOption={({ option }) => (
            <div>
              <Text size="sm">{option.label}</Text>
              <Text size="xs" c="dimmed">
                {templates.find(({ id }) => id === option.value)?.description}
              </Text>
            </div>
          )}
        />
      </Group>
      <Button
        variant="default"
        flex="none"
        leftSection={<IconFileImport size={14} />}
        onClick={() => setImporting(true)}
      >
        Fine-tune ONNX
      </Button>
      <ImportModelDialog
        opened={importing}
        close={() => setImporting(false)}
        onUse={(model) => editDraft(withValue(config.yaml, ['model'], model))}
      />
      <Button variant="default" flex="none" leftSection={<IconStack2 size={14} />} onClick={() => setCombining(true)}>
        Combine
      </Button>
      {dataset !== undefined && (
        <CombineDialog
          opened={combining}
          close={() => setCombining(false)}
          datasetDigest={dataset.digest}
          templates={templates.filter(({ id }) => id.endsWith('-ensemble'))}
          onUse={editDraft}
        />
      )}
      {dataset !== undefined && (
        <Text size="xs" c="dimmed" truncate miw={0}>
          {formatPlural(dataset.rows, dataset.kind === 'table' ? 'row' : 'image')} ·{' '}
          {formatPlural(dataset.classes.length, 'class', 'classes')}
        </Text>
      )}
    </Group>
  );
}

function NoDatasets() {
  return (
    <Page crumbs={[{ label: 'Train' }]}>
      <NothingHere
        icon={<IconDatabase size={28} />}
        title="A model needs something to learn from"
        actions={
          <Button component={Link} to={paths.data()}>
            Import a dataset
          </Button>
        }
      >
        Import a folder of images, an IDX pair or a table with a label column. Then come back: a template that fits the
        data will be waiting here.
      </NothingHere>
    </Page>
  );
}
