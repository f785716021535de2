import classes from './code-block.module.css';

/** Text for machines, as it is; scrolls when it is long. */
export function CodeBlock({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <section className={classes.frame} tabIndex={0} aria-label={label}>
      <pre className={classes.code}>{text}</pre>
    </section>
  );
}
