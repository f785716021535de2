import type { ProviderName } from '../../runtime/index.ts';
import { lossesOf } from './families.test-support.ts';

/** A program of its own, because a device may take the process down: FAMILY PROVIDER; sends the loss of every step. */
const [family = '', provider] = process.argv.slice(2);
process.send?.(await lossesOf(family, provider as ProviderName), () => process.exit());
