import { Button, Stack, Text, Textarea } from '@mantine/core';
import { IconPencil, IconPlayerStop } from '@tabler/icons-react';
import { useState } from 'react';
import { formatDuration, formatPlural } from '../../components/format.ts';
import { NumberField } from '../../components/number-field.tsx';
import { Panel } from '../../components/panel.tsx';
import { ProbabilityBars } from '../../components/probability-bars.tsx';
import { AskPanel } from './ask-panel.tsx';
import classes from './deploy.module.css';
import { isServing } from './deployment-state.tsx';
import type { EndpointTabProps } from './endpoint-tab.ts';
import { Exchange } from './exchange.tsx';
import { SeedInput } from './seed-input.tsx';
import { useWriting } from './use-writing.ts';

const mostTokens = 512;
const whiteSpace: Readonly<Record<string, string>> = { ' ': 'space', '\n': 'new line', '\t': 'tab' };

/** Has a language model go on with a text. */
export function CompleteText({ deployment }: EndpointTabProps) {
  const [text, setText] = useState('');
  const [tokens, setTokens] = useState(120);
  const [temperature, setTemperature] = useState(0.7);
  const [topP, setTopP] = useState(1);
  const [seed, setSeed] = useState(0);
  const { answer, error, asking, ask, stop } = useWriting();
  const serving = isServing(deployment.state);
  const { endpoint } = deployment;
  return (
    <Stack gap="lg">
      <AskPanel
        title="Go on with a text"
        serving={serving}
        error={error}
        onAsk={() => (asking ? stop() : ask({ endpoint, text, tokens, temperature, topP, seed }))}
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
        <NumberField
          label={`Tokens, 1 to ${mostTokens}`}
          w={130}
          min={1}
          max={mostTokens}
          allowDecimal={false}
          value={tokens}
          onValue={(value) => value >= 1 && setTokens(value)}
        />
        <NumberField
          label="Temperature"
          w={110}
          min={0}
          max={2}
          step={0.1}
          value={temperature}
          onValue={setTemperature}
        />
        {temperature > 0 && (
          <>
            <NumberField label="Top p" w={90} min={0} max={1} step={0.05} value={topP} onValue={setTopP} />
            <SeedInput seed={seed} onSeed={setSeed} />
          </>
        )}
        {/* One button, so that the keyboard stays where it is. */}
        <Button
          type="submit"
          variant={asking ? 'default' : 'filled'}
          leftSection={asking ? <IconPlayerStop size={14} /> : <IconPencil size={14} />}
          disabled={!serving || text.trim() === ''}
        >
          {asking ? 'Stop writing' : 'Write'}
        </Button>
      </AskPanel>
      {answer !== null && (
        <div className={classes.written} aria-live="polite" aria-busy={asking}>
          <Panel
            title="What it writes"
            aside={
              <Text c="dimmed">
                version {answer.completion.version}, {formatPlural(answer.completion.tokens, 'token')} in{' '}
                {formatDuration(answer.completion.durationMs)}
              </Text>
            }
          >
            <Stack gap="md">
              <pre className={classes.text}>
                <span className={classes.prompt}>{answer.text}</span>
                {answer.completion.text}
              </pre>
              <Exchange {...answer.completion} />
            </Stack>
          </Panel>
          <Panel title="Right after the text">
            <ProbabilityBars
              classes={answer.completion.candidates.map(({ token }) => whiteSpace[token] ?? token)}
              probabilities={answer.completion.candidates.map(({ probability }) => probability)}
            />
          </Panel>
        </div>
      )}
    </Stack>
  );
}
