import { NumberInput, type NumberInputProps } from '@mantine/core';

interface NumberFieldProps extends Omit<NumberInputProps, 'onChange'> {
  readonly onValue: (value: number) => void;
}

/** A number. While what is typed is none, the value stays as it was. */
export function NumberField({ onValue, ...rest }: NumberFieldProps) {
  return <NumberInput {...rest} onChange={(value) => typeof value === 'number' && onValue(value)} />;
}
