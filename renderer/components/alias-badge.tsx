import { Badge } from '@mantine/core';
import type { Alias } from '../../main/contract/registry.ts';

const colors: Readonly<Record<Alias, string>> = { staging: 'accent', canary: 'yellow', production: 'green' };

export const aliases: readonly Alias[] = ['staging', 'canary', 'production'];

export const aliasWords: Readonly<Record<Alias, string>> = {
  staging: 'Being tried out',
  canary: 'Serving a part of the traffic',
  production: 'What people rely on',
};

/** staging, canary or production. */
export function AliasBadge({ alias }: { readonly alias: Alias }) {
  return (
    <Badge color={colors[alias]} miw="max-content">
      {alias}
    </Badge>
  );
}
