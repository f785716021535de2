export interface CurlLine {
  readonly title: string;
  readonly line: string;
}

const PROMPT = JSON.stringify({
  text_input: 'The text begins so',
  parameters: { max_tokens: 50, temperature: 0.7, seed: 1 },
});

/**
 * Lines to paste into a shell.
 *
 * @param examplePath of the file with an example request, as the shell sees it
 * @param writes whether the model goes on with texts
 */
export function curlLines(
  url: string,
  modelName: string,
  version: number,
  examplePath: string,
  writes: boolean,
): CurlLine[] {
  const model = `${url}/v2/models/${encodeURIComponent(modelName)}`;
  return [
    { title: 'Is it ready?', line: `curl -i ${quote(`${url}/v2/health/ready`)}` },
    { title: 'What does the model take and give?', line: `curl ${quote(model)}` },
    {
      title: 'Ask it about the example',
      line: `curl -H 'Content-Type: application/json' --data-binary ${quote(`@${examplePath}`)} ${quote(`${model}/infer`)}`,
    },
    {
      title: 'Ask just this version',
      line: `curl -H 'Content-Type: application/json' --data-binary ${quote(`@${examplePath}`)} ${quote(`${model}/versions/${version}/infer`)}`,
    },
    ...(writes
      ? [
          {
            title: 'Have it go on with a text, token by token',
            line: `curl -N -H 'Content-Type: application/json' -d ${quote(PROMPT)} ${quote(`${model}/generate_stream`)}`,
          },
        ]
      : []),
    { title: 'Requests, failures, latency', line: `curl ${quote(`${url}/metrics`)}` },
  ];
}

/** One word of a POSIX shell. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
