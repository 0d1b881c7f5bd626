/** The head of a table: what its columns are called. */
interface Props {
  names: readonly string[];
  /** Those of them whose values stand at the right. */
  right?: readonly string[];
  /** A last column has buttons. Its name is only read out. */
  hasActs?: boolean;
}

export const Columns = ({ names, right = [], hasActs = false }: Props) => (
  <thead>
    <tr>
      {names.map((name) => (
        <th key={name} scope="col" class={right.includes(name) ? "right" : ""}>
          {name}
        </th>
      ))}
      {hasActs && (
        <th scope="col">
          <span class="unseen">What can be done</span>
        </th>
      )}
    </tr>
  </thead>
);
