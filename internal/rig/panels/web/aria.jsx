import { useState } from 'react';
import {
  Button, Cell, Column, ComboBox, Dialog, FieldError, Form, Header, Heading, Input, Label, ListBox, ListBoxItem, ListBoxSection, ListLayout, Menu, MenuItem, MenuTrigger, Modal, ModalOverlay,
  Popover, Row, Select, SelectValue, Switch, Table, TableBody, TableHeader, Text, TextArea, TextField, Virtualizer,
} from 'react-aria-components';
import { grouped, panel, start, useOptions } from './app.jsx';

const how = panel.Choice;
const box = { background: 'white', border: '1px solid gray', padding: 8, overflow: 'auto' };

function Choice({ field, model, value, set, error }) {
  const [typed, setTyped] = useState('');
  const { options, loading } = useOptions(model.list, field, typed);
  const [at, setAt] = useState(null);
  const item = (o) => <ListBoxItem key={o} id={o} textValue={o}>{o}</ListBoxItem>;
  const listBox = <ListBox style={{ maxHeight: 240, overflow: 'auto', height: how.Virtual ? 240 : undefined, display: how.Virtual ? 'block' : undefined }} renderEmptyState={() => (loading ? 'Loading…' : 'No options')}>
    {how.Groups ? grouped(options).map(([head, some]) => <ListBoxSection key={head} id={head}><Header>{head}</Header>{some.map(item)}</ListBoxSection>) : options.map(item)}</ListBox>;
  const rest = <>
    {field.help && <Text slot="description">{field.help}</Text>}<FieldError>{error}</FieldError>
    <Popover style={{ ...box, width: 300 }} UNSTABLE_portalContainer={how.Inline ? at : undefined}>
      {how.Virtual ? <Virtualizer layout={ListLayout} layoutOptions={{ rowHeight: 24 }}>{listBox}</Virtualizer> : listBox}</Popover></>;
  const label = <Label style={{ display: 'block' }}>{field.label}{field.required && ' *'}</Label>;
  const given = { isRequired: field.required, isInvalid: !!error, style: { margin: '8px 0' } };
  if (how.Search === 'yes' || how.From === 'typing') {
    return <div ref={setAt}><ComboBox {...given} allowsEmptyCollection defaultSelectedKey={value || null} defaultInputValue={value} onInputChange={setTyped} onSelectionChange={(key) => set(key ?? '')}
      defaultFilter={how.From === 'typing' ? () => true : undefined}>{label}<div><Input autoComplete="off" /><Button>▼</Button></div>{rest}</ComboBox></div>;
  }
  return <div ref={setAt}><Select {...given} allowsEmptyCollection selectedKey={value || null} onSelectionChange={(key) => set(key ?? '')}>{label}<Button><SelectValue /> <span aria-hidden="true">▼</span></Button>{rest}</Select>
    {how.Clear && value && <Button aria-label={'Clear ' + field.label} onPress={() => set('')}>×</Button>}</div>;
}

start({
  Root: ({ children }) => children,
  Button: ({ label, disabled, expanded, onClick, children }) => <Button aria-label={label} isDisabled={disabled} aria-expanded={expanded} onPress={onClick}>{children}</Button>,
  Menu: ({ label, acts }) => <MenuTrigger><Button aria-label={label || undefined}>⋯</Button><Popover style={box}><Menu>{acts.map((a) => <MenuItem key={a.label} id={a.label} onAction={a.onClick}>{a.label}</MenuItem>)}</Menu></Popover></MenuTrigger>,
  Badge: ({ children }) => <span style={{ border: '1px solid', borderRadius: 8, marginLeft: 8 }}>{children}</span>,
  Pager: ({ page, pages, onPage }) => <nav aria-label="Pages"><Button isDisabled={page === 1} onPress={() => onPage(page - 1)}>Previous</Button> {page} of {pages} <Button isDisabled={page === pages} onPress={() => onPage(page + 1)}>Next</Button></nav>,
  Table: ({ head, rows, label }) => <Table aria-label={label} style={{ width: '100%' }}>
    <TableHeader>{head.map((h, n) => <Column key={n} id={'column' + n} isRowHeader={h === 'Name'} textValue={h || 'Actions'}>{h}</Column>)}</TableHeader>
    <TableBody items={rows} dependencies={[rows]} renderEmptyState={() => 'No data'}>{(r) => <Row id={r.id}>{r.cells.map((c, n) => <Cell key={n}>{c}</Cell>)}</Row>}</TableBody></Table>,
  Over: ({ open, title, onClose, children }) => <ModalOverlay isOpen={open} onOpenChange={(o) => o || onClose()} style={{ position: 'fixed', inset: 0, background: 'rgba(0,0,0,.4)' }}>
    <Modal style={{ ...box, position: 'absolute', inset: panel.Form === 'drawer' ? '0 0 0 auto' : '5% 15%', width: panel.Form === 'drawer' ? 420 : undefined }}>
      <Dialog><Heading slot="title">{title}</Heading>{children}</Dialog></Modal></ModalOverlay>,
  Form: ({ model, onCancel, children }) => <Form validationBehavior="aria" onSubmit={(e) => { e.preventDefault(); model.submit(); }}>{children}
    <div><Button onPress={onCancel}>Cancel</Button> <Button type="submit" isPending={model.busy}>Save</Button></div></Form>,
  Field: ({ field, model, value, error, set }) => {
    if (field.kind === 'choice') return <Choice field={field} model={model} value={value} set={set} error={error} />;
    if (field.kind === 'toggle') return <Switch isSelected={String(value) === 'true'} onChange={set}><span style={{ border: '1px solid', padding: 2 }}>{String(value) === 'true' ? '◼' : '◻'}</span> {field.label}</Switch>;
    return <TextField isRequired={field.required} isInvalid={!!error} isReadOnly={field.kind === 'readonly'} value={value} onChange={set} style={{ margin: '8px 0' }}
      type={{ secret: 'password' }[field.kind] || 'text'} autoComplete={field.kind === 'secret' ? 'new-password' : 'off'}>
      <Label style={{ display: 'block' }}>{field.label}{field.required && ' *'}</Label>{field.kind === 'area' ? <TextArea /> : <Input />}
      {field.help && <Text slot="description">{field.help}</Text>}<FieldError>{error}</FieldError></TextField>;
  },
});
