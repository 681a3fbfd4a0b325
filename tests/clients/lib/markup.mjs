// What the HTML standard says against a page, as it came from the server.
import { HtmlValidate } from 'html-validate';

const validator = new HtmlValidate({
  extends: ['html-validate:standard', 'html-validate:a11y'],
  // The palette is a combo box with a list that changes, which no native element is.
  rules: { 'prefer-native-element': ['error', { exclude: ['listbox'] }] },
});

export async function markupProblems(html) {
  const report = await validator.validateString(html);
  return report.results.flatMap((result) => result.messages.map((one) => `${one.line}:${one.column} ${one.ruleId}: ${one.message}`));
}
