import {
  Alert,
  Autocomplete,
  Button,
  Group,
  Modal,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import { useState } from 'react';
import type { OnnxInspection } from '../../../main/contract/models/imported.ts';
import { useProcedure } from '../../client/index.ts';
import { FolderBrowser } from '../../components/folder-browser.tsx';
import { formatBytes, formatCount, formatPlural } from '../../components/format.ts';
import { Fact } from '../../components/small.tsx';
import { ErrorState, Loading } from '../../components/states.tsx';
import { type ImportedChoice, modelSection } from './imported-choice.ts';

export interface ImportModelDialogProps {
  readonly opened: boolean;
  readonly close: () => void;
  /** The model section of the config that was put together. */
  readonly onUse: (model: Record<string, unknown>) => void;
}

/** Weight names offered for completion. */
const NAMES_OFFERED = 400;

/** Choose an ONNX file or a registered model, see whether it can be read, and say what of it learns. */
export function ImportModelDialog({ opened, close, onUse }: ImportModelDialogProps) {
  const [kind, setKind] = useState<'file' | 'version'>('file');
  const [path, setPath] = useState('');
  const [source, setSource] = useState<ImportedChoice['source'] | null>(null);
  const models = useProcedure('registry.list', {}, { enabled: opened && kind === 'version' });
  const inspection = useProcedure('training.inspectOnnx', source === null ? {} : { [source.kind]: source.value }, {
    enabled: opened && source !== null,
  });
  const look = (value: string) => value.trim() !== '' && setSource({ kind, value: value.trim() });
  return (
    <Modal opened={opened} onClose={close} title="Fine-tune an ONNX file" size={720}>
      <Stack gap="md">
        <Group justify="space-between">
          <SegmentedControl
            aria-label="Where the model comes from"
            value={kind}
            onChange={(value) => {
              setKind(value === 'version' ? 'version' : 'file');
              setSource(null);
            }}
            data={[
              { value: 'file', label: 'A file' },
              { value: 'version', label: 'A registered model' },
            ]}
          />
          {source !== null && (
            <Button variant="subtle" onClick={() => setSource(null)}>
              Choose another
            </Button>
          )}
        </Group>
        {source === null && kind === 'file' && (
          <>
            <form
              onSubmit={(event) => {
                event.preventDefault();
                look(path);
              }}
            >
              <Group align="flex-end" gap="sm">
                <TextInput
                  style={{ flex: 1 }}
                  label="Path on the machine that Lightbench runs on"
                  placeholder="/models/resnet18.onnx"
                  value={path}
                  data-autofocus
                  onChange={(event) => setPath(event.currentTarget.value)}
                />
                <Button type="submit" disabled={path.trim() === ''}>
                  Look at it
                </Button>
              </Group>
            </form>
            <FolderBrowser ending=".onnx" onWalk={setPath} onChoose={look} />
          </>
        )}
        {source === null && kind === 'version' && (
          <Autocomplete
            label="Model"
            description="name@version; the graph that ships, without its preprocessing"
            placeholder="digit-reader@1"
            data={(models.data ?? []).flatMap(({ name, versions }) =>
              versions.map(({ version }) => `${name}@${version}`),
            )}
            onOptionSubmit={look}
          />
        )}
        {source !== null &&
          (inspection.error !== null ? (
            <ErrorState inline error={inspection.error} />
          ) : inspection.data === undefined ? (
            <Loading lines={4} />
          ) : (
            <Decisions
              key={source.value}
              found={inspection.data}
              source={source}
              onUse={(choice) => {
                onUse(modelSection(choice));
                close();
              }}
            />
          ))}
      </Stack>
    </Modal>
  );
}

interface DecisionsProps {
  readonly found: OnnxInspection;
  readonly source: ImportedChoice['source'];
  readonly onUse: (choice: ImportedChoice) => void;
}

function Decisions({ found, source, onUse }: DecisionsProps) {
  const [head, setHead] = useState<ImportedChoice['head']>('new');
  const [learns, setLearns] = useState<ImportedChoice['learns']>('all');
  const [patterns, setPatterns] = useState<readonly string[]>([]);
  const [rank, setRank] = useState(4);
  const unknown = found.operators.filter(({ known }) => !known);
  return (
    <Stack gap="md">
      <Group gap="xl" align="flex-start">
        <Fact label="File">{source.value.replace(/^.*[/\\]/, '')}</Fact>
        <Fact label="Size">{formatBytes(found.sizeBytes)}</Fact>
        <Fact label="Takes">{found.inputs.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join('; ')}</Fact>
        <Fact label="Weights">{formatCount(found.parameters)}</Fact>
        <Fact label="Operators">{formatCount(found.operators.reduce((sum, { count }) => sum + count, 0))}</Fact>
      </Group>
      {unknown.length > 0 && (
        <Alert color="yellow" title="Not all of it can be read">
          There is no rule for {unknown.map(({ name, count }) => `${name} (${count} ×)`).join(', ')}. The file can still
          be used up to a tensor before these: write its name as output.
        </Alert>
      )}
      <Select
        label="Last layer"
        allowDeselect={false}
        description={
          head === 'keep'
            ? 'It must already answer with the classes of the dataset.'
            : found.features === null
              ? 'No last layer was found: the new one reads what the file answers.'
              : `A new one reads ${found.features} and is trained for the classes of the dataset.`
        }
        value={head}
        onChange={(value) => setHead(value === 'keep' ? 'keep' : 'new')}
        data={[
          { value: 'new', label: 'A new one, for other classes' },
          { value: 'keep', label: 'Keep it' },
        ]}
      />
      <Select
        label="What of the file learns"
        allowDeselect={false}
        value={learns}
        onChange={(value) => setLearns(value as ImportedChoice['learns'])}
        data={[
          { value: 'all', label: 'All weights' },
          { value: 'some', label: 'Weights by name' },
          { value: 'none', label: 'Nothing but the new layer' },
          { value: 'adapters', label: 'Low-rank adapters beside the weights (LoRA)' },
        ]}
      />
      {learns === 'some' && (
        <TagsInput
          label="Names of weights"
          description={`* stands for anything. The file has ${formatPlural(found.weights.length, 'tensor')} of weights.`}
          placeholder="layer4.*"
          value={[...patterns]}
          onChange={setPatterns}
          data={found.weights.slice(0, NAMES_OFFERED).map(({ name }) => name)}
        />
      )}
      {learns === 'adapters' && (
        <NumberInput
          label="Rank"
          description="Rows of the two thin matrices beside each weight; they are merged when the model ships"
          min={1}
          max={1024}
          value={rank}
          onChange={(value) => setRank(Math.max(1, Number(value) || 1))}
        />
      )}
      <Group justify="space-between">
        <Text c="dimmed" size="sm">
          The workspace keeps a copy when a run starts.
        </Text>
        <Button
          disabled={learns === 'some' && patterns.length === 0}
          onClick={() => onUse({ source, head, learns, patterns, rank })}
        >
          Put into the config
        </Button>
      </Group>
    </Stack>
  );
}
