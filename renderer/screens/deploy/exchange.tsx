import { Accordion, Text } from '@mantine/core';
import { CodeBlock } from '../../components/code-block.tsx';

interface ExchangeProps {
  readonly request: string;
  readonly response: string;
}

/** What went over HTTP, to be opened. */
export function Exchange({ request, response }: ExchangeProps) {
  return (
    <Accordion
      variant="default"
      chevronPosition="left"
      styles={{ chevron: { marginInlineStart: 0 }, content: { paddingInline: 0 } }}
    >
      <Raw title="Request" text={request} />
      <Raw title="Response" text={response} />
    </Accordion>
  );
}

function Raw({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <Accordion.Item value={title}>
      <Accordion.Control fz="sm" px={0}>
        {title} as it went over HTTP
      </Accordion.Control>
      <Accordion.Panel>
        <CodeBlock label={title} text={text} />
      </Accordion.Panel>
    </Accordion.Item>
  );
}

export function NotServing() {
  return <Text c="dimmed">The endpoint does not serve at the moment. Start it to try it.</Text>;
}
