import type { CSSVariablesResolver, MantineColorsTuple } from '@mantine/core';
import { createTheme } from '@mantine/core';

const accent: MantineColorsTuple = [
  '#eef3ff',
  '#dde6fc',
  '#b9caf6',
  '#8fb0ff',
  '#6d97ff',
  '#3b66d6',
  '#2f5bd0',
  '#264fb8',
  '#1f429b',
  '#19357d',
];

/** Cool neutrals from text (0) to the deepest ground (9). */
const dark: MantineColorsTuple = [
  '#e7e8eb',
  '#c6c9d0',
  '#a6aab5',
  '#8d929e',
  '#3b3e47',
  '#282a31',
  '#1c1d22',
  '#16171b',
  '#101114',
  '#0c0d0f',
];

const gray: MantineColorsTuple = [
  '#f7f7f8',
  '#f1f2f4',
  '#e8e9ed',
  '#e3e4e8',
  '#cdd0d7',
  '#a3a8b3',
  '#6b707b',
  '#565b66',
  '#33363d',
  '#1b1d22',
];

const closeButtonProps = { 'aria-label': 'Close' };
const small = { defaultProps: { size: 'xs' } };

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 6 },
  colors: { accent, dark, gray },
  fontFamily:
    "system-ui, -apple-system, 'Segoe UI Variable Text', 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif",
  fontFamilyMonospace: 'var(--lb-mono)',
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '2px', sm: '4px', md: '6px', lg: '8px', xl: '12px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '20px', lineHeight: '1.3' },
      h2: { fontSize: '16px', lineHeight: '1.4' },
      h3: { fontSize: '14px', lineHeight: '1.4' },
      h4: { fontSize: '13px', lineHeight: '1.4' },
    },
  },
  components: {
    Text: { defaultProps: { size: 'sm' } },
    Button: { defaultProps: { size: 'xs', fw: 500 } },
    TextInput: small,
    Textarea: small,
    NumberInput: small,
    PasswordInput: small,
    Select: { defaultProps: { size: 'xs', checkIconPosition: 'right' } },
    NativeSelect: small,
    MultiSelect: small,
    TagsInput: small,
    Autocomplete: small,
    SegmentedControl: small,
    Checkbox: small,
    Switch: small,
    Radio: small,
    Slider: small,
    RangeSlider: small,
    FileInput: small,
    ActionIcon: { defaultProps: { size: 'md', variant: 'subtle', color: 'gray' } },
    Badge: { defaultProps: { size: 'sm', radius: 'sm', variant: 'light', tt: 'none', fw: 500 } },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: false, fz: 'xs', px: 8, py: 4 } },
    Modal: {
      defaultProps: {
        radius: 'md',
        centered: true,
        overlayProps: { backgroundOpacity: 0.35 },
        closeButtonProps,
      },
    },
    Drawer: { defaultProps: { closeButtonProps, overlayProps: { backgroundOpacity: 0.35 } } },
    Paper: { defaultProps: { radius: 'md' } },
    Card: { defaultProps: { radius: 'md', withBorder: true, padding: 'lg' } },
    Alert: { defaultProps: { radius: 'md', variant: 'light' } },
    Tabs: { defaultProps: { keepMounted: false } },
    Table: {
      defaultProps: { verticalSpacing: 'calc((var(--lb-row-height) - 20px) / 2)', horizontalSpacing: 'lg', fz: 'sm' },
    },
    Skeleton: { defaultProps: { radius: 'sm' } },
    Notification: { defaultProps: { closeButtonProps } },
    Menu: { defaultProps: { shadow: 'md', radius: 'md' } },
    Popover: { defaultProps: { shadow: 'md', radius: 'md' } },
    Loader: { defaultProps: { size: 'xs' } },
    Anchor: { defaultProps: { size: 'sm', underline: 'hover' } },
    Kbd: { defaultProps: { size: 'xs' } },
  },
});

/** Mantine's own variables follow the tokens, so that its components need no styling of their own. */
export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--lb-surface)',
    '--mantine-color-text': 'var(--lb-text)',
    '--mantine-color-dimmed': 'var(--lb-text-muted)',
    '--mantine-color-placeholder': 'var(--lb-text-faint)',
    '--mantine-color-default': 'var(--lb-surface)',
    '--mantine-color-default-hover': 'var(--lb-hover)',
    '--mantine-color-default-color': 'var(--lb-text)',
    '--mantine-color-default-border': 'var(--lb-border-strong)',
    '--mantine-color-anchor': 'var(--lb-accent-text)',
    '--mantine-color-error': 'var(--lb-bad)',
    '--mantine-primary-color-filled': 'var(--lb-accent)',
    '--mantine-color-accent-filled': 'var(--lb-accent)',
    '--mantine-color-accent-filled-hover': 'var(--lb-accent)',
    '--mantine-color-accent-light': 'var(--lb-accent-soft)',
    '--mantine-color-accent-light-color': 'var(--lb-accent-text)',
    '--mantine-color-accent-text': 'var(--lb-accent-text)',
    '--mantine-color-gray-light': 'var(--lb-sunken)',
    '--mantine-color-gray-light-hover': 'var(--lb-hover)',
    '--mantine-color-gray-light-color': 'var(--lb-text-muted)',
    '--mantine-color-gray-text': 'var(--lb-text-muted)',
    '--mantine-color-green-light': 'var(--lb-good-soft)',
    '--mantine-color-green-light-color': 'var(--lb-good)',
    '--mantine-color-yellow-light': 'var(--lb-warn-soft)',
    '--mantine-color-yellow-light-color': 'var(--lb-warn)',
    '--mantine-color-red-light': 'var(--lb-bad-soft)',
    '--mantine-color-red-light-color': 'var(--lb-bad)',
    '--mantine-color-red-filled': '#b3261e',
    '--mantine-color-green-filled': '#1f7a46',
  };
  return { variables: {}, light: shared, dark: shared };
};
