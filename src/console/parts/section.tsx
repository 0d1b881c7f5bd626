/** A part of a long page: a heading with what it is about at the left, what it holds at the right. */
import type { ComponentChildren } from "preact";

interface Props {
  id: string;
  title: string;
  about?: ComponentChildren;
  children: ComponentChildren;
}

export const Section = ({ id, title, about, children }: Props) => (
  <section id={id} class="part" aria-labelledby={`${id}-title`}>
    <div class="part-about">
      <h2 id={`${id}-title`}>{title}</h2>
      {about !== undefined && <p class="dim small">{about}</p>}
    </div>
    <div class="part-body">{children}</div>
  </section>
);
