import { Button, NumberInput, Stack, Text, Textarea } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import type { Completion } from '../../../main/contract/serving.ts';
import { call } from '../../client/index.ts';
import { formatDuration, formatPlural } from '../../components/format.ts';
import { Panel } from '../../components/panel.tsx';
import { ProbabilityBars } from '../../components/probability-bars.tsx';
import { AskPanel } from './ask-panel.tsx';
import classes from './deploy.module.css';
import { isServing } from './deployment-state.tsx';
import type { EndpointTabProps } from './endpoint-tab.ts';
import { Exchange } from './exchange.tsx';
import { SeedInput } from './seed-input.tsx';
import { useAsked } from './use-asked.ts';

const mostTokens = 500;
const whiteSpace: Readonly<Record<string, string>> = { ' ': 'space', '\n': 'new line', '\t': 'tab' };

interface Written {
  readonly text: string;
  readonly completion: Completion;
}

/** Has a language model go on with a text. */
export function CompleteText({ deployment }: EndpointTabProps) {
  const [text, setText] = useState('');
  const [tokens, setTokens] = useState(120);
  const [temperature, setTemperature] = useState(0.7);
  const [seed, setSeed] = useState(0);
  const { answer, error, asking, ask } = useAsked<Written>();
  const serving = isServing(deployment.state);
  const { endpoint } = deployment;
  const write = () =>
    ask(async () => ({
      text,
      completion: await call('deployments.complete', { endpoint, text, tokens, temperature, seed }),
    }));
  return (
    <Stack gap="lg">
      <AskPanel
        title="Go on with a text"
        serving={serving}
        error={error}
        onAsk={() => void write()}
        lead={
          <Textarea
            label="Text"
            placeholder="How the text begins"
            autosize
            minRows={3}
            maxRows={10}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        }
      >
        <NumberInput
          label={`Tokens, 1 to ${mostTokens}`}
          w={130}
          min={1}
          max={mostTokens}
          allowDecimal={false}
          value={tokens}
          onChange={(value) => typeof value === 'number' && value >= 1 && setTokens(value)}
        />
        <NumberInput
          label="Temperature"
          w={110}
          min={0}
          max={2}
          step={0.1}
          value={temperature}
          onChange={(value) => typeof value === 'number' && setTemperature(value)}
        />
        {temperature > 0 && <SeedInput seed={seed} onSeed={setSeed} />}
        <Button
          type="submit"
          leftSection={<IconPencil size={14} />}
          loading={asking}
          disabled={!serving || text.trim() === ''}
        >
          Write
        </Button>
      </AskPanel>
      {answer !== null && (
        <div className={classes.written} aria-live="polite">
          <Panel
            title="What it writes"
            aside={
              <Text c="dimmed">
                version {answer.completion.version}, {formatPlural(answer.completion.requests, 'request')} in{' '}
                {formatDuration(answer.completion.durationMs)}
              </Text>
            }
          >
            <pre className={classes.text}>
              <span className={classes.prompt}>{answer.text}</span>
              {answer.completion.text}
            </pre>
          </Panel>
          <Panel title="Right after the text">
            <Stack gap="md">
              <ProbabilityBars
                classes={answer.completion.candidates.map(({ token }) => whiteSpace[token] ?? token)}
                probabilities={answer.completion.candidates.map(({ probability }) => probability)}
              />
              <Exchange {...answer.completion} />
            </Stack>
          </Panel>
        </div>
      )}
    </Stack>
  );
}
