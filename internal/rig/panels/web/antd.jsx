import { useState } from 'react';
import { App, Button, ConfigProvider, Drawer, Dropdown, Form, Input, Modal, Pagination, Select, Space, Switch, Table, Tag } from 'antd';
import { grouped, panel, start, useOptions } from './app.jsx';

const how = panel.Choice;
const option = (s) => ({ label: s, value: s });

// Choice gets its value, id and onChange from the Form.Item around it.
function Choice({ field, model, ...given }) {
  const [typed, setTyped] = useState('');
  const { options, loading } = useOptions(model.list, field, typed);
  const typing = how.From === 'typing';
  const search = { onSearch: setTyped, ...(typing ? { filterOption: false } : { optionFilterProp: 'label' }) };
  return <Select {...given} allowClear={how.Clear} loading={loading} showSearch={how.Search === 'yes' || typing ? search : false} virtual={how.Virtual}
    getPopupContainer={how.Inline ? (at) => at.parentNode : undefined} notFoundContent={loading ? 'Loading…' : undefined}
    options={how.Groups ? grouped(options).map(([label, some]) => ({ label, options: some.map(option) })) : options.map(option)} />;
}

function control(field, model) {
  switch (field.kind) {
    case 'choice': return <Choice field={field} model={model} />;
    case 'toggle': return <Switch />;
    case 'area': return <Input.TextArea />;
    case 'secret': return <Input.Password autoComplete="new-password" />;
    default: return <Input autoComplete="off" readOnly={field.kind === 'readonly'} inputMode={field.kind === 'number' ? 'numeric' : undefined} />;
  }
}

// initial is a value as its control has it.
const initial = (field, value) => ({ choice: value || undefined, toggle: value === 'true' }[field.kind] ?? (field.kind === 'choice' ? undefined : value));

function ItemForm({ model, onCancel, children }) {
  const [form] = Form.useForm();
  const save = async () => {
    const wrong = await model.submit();
    if (wrong) form.setFields(Object.entries(wrong).map(([name, text]) => ({ name, errors: [text] })));
  };
  return <Form form={form} layout="vertical" name={model.list.key} onFinish={save} initialValues={Object.fromEntries(model.list.fields.map((f) => [f.key, initial(f, model.start[f.key])]))}
    onValuesChange={(changed) => Object.entries(changed).forEach(([key, value]) => model.set(key, value ?? ''))}>{children}
    <Space><Button onClick={onCancel}>Cancel</Button><Button type="primary" htmlType="submit" loading={model.busy}>Save</Button></Space></Form>;
}

const rules = (f) => [...(f.required ? [{ required: true }] : []), ...(f.email ? [{ type: 'email' }] : [])];

start({
  // Without motion: a list that still slides lets a press through to what is below it.
  Root: ({ children }) => <ConfigProvider theme={{ token: { motion: false } }}><App>{children}</App></ConfigProvider>,
  Button: ({ kind, label, disabled, expanded, onClick, children }) =>
    <Button type={{ primary: 'primary', subtle: 'link', icon: 'text' }[kind]} aria-label={label} aria-expanded={expanded} disabled={disabled} onClick={onClick}>{children}</Button>,
  Menu: ({ label, acts }) => <Dropdown trigger={['click']} menu={{ items: acts.map((a) => ({ key: a.label, label: a.label, onClick: a.onClick })) }}><Button type="text" aria-label={label || undefined}>⋯</Button></Dropdown>,
  Badge: ({ children }) => <Tag color="success">{children}</Tag>,
  Pager: ({ page, pages, onPage }) => <Pagination current={page} total={pages} pageSize={1} onChange={onPage} />,
  Table: ({ head, rows }) => <Table pagination={false} rowKey="id" dataSource={rows} columns={head.map((h, n) => ({ key: n, title: h, render: (_, r) => r.cells[n] }))} />,
  Over: ({ open, title, onClose, children }) => panel.Form === 'drawer' ? <Drawer open={open} title={title} onClose={onClose} destroyOnHidden>{children}</Drawer>
    : <Modal open={open} title={title} onCancel={onClose} footer={null} destroyOnHidden>{children}</Modal>,
  Form: ItemForm,
  Field: ({ field, model }) => <Form.Item name={field.key} label={field.label} rules={rules(field)} extra={field.help} valuePropName={field.kind === 'toggle' ? 'checked' : 'value'}>
    {control(field, model)}</Form.Item>,
});
