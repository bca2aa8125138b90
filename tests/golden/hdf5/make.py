# Makes odd.h5: what HDF5 files may hold beside plain arrays, for the reader and for copies. python3 make.py (numpy, h5py)
import h5py, numpy as np

f = h5py.File('odd.h5', 'w')
x = np.array([0.0, -1.5, 3.25, 65504.0])
for name, kind in [('float_be', '>f4'), ('double_be', '>f8'), ('half_le', '<f2'), ('half_be', '>f2'), ('int_be', '>i2'), ('int_le', '<i4')]:
    f.create_dataset(name, data=x.astype('f8').clip(-30000, 30000) if 'i' == kind[1] else x, dtype=kind)
bfloat = h5py.h5t.IEEE_F32LE.copy()
bfloat.set_fields(15, 7, 8, 0, 7)
bfloat.set_size(2)
bfloat.set_ebias(127)
space = h5py.h5s.create_simple((4,))
d = h5py.h5d.create(f.id, b'bfloat', bfloat, space)
d.write(space, space, x.astype('f4'))
bits = (x.astype('f4').view('u4') >> 16).astype('u2')
opaque = f.create_dataset('bfloat_opaque', data=bits.view('V2'))  # as Keras 3 does
opaque.attrs['dtype'] = 'bfloat16'
f.create_dataset('opaque', data=bits.view('V2'))
packed = f.create_dataset('deep/packed', data=np.arange(6000, dtype='f4').reshape(60, 100), chunks=(7, 100), compression='gzip', shuffle=True)
packed.attrs['unit'] = 'V'
f['deep/again'] = packed  # a second name
f['deep/up'] = f['/']     # a circle
f['soft'] = h5py.SoftLink('/deep/packed')
f['nowhere'] = h5py.SoftLink('/not/there')
f['outside'] = h5py.ExternalLink('other.h5', '/x')
f['texts'] = np.array(['a', 'größer', ''], dtype=h5py.string_dtype())
f['pairs'] = np.array([(1, 2.5)], dtype=[('n', 'i4'), ('v', 'f8')])
f['kind'] = np.dtype('i4')
ordered = f.create_group('ordered', track_order=True)
for name in ('z', 'a', 'm'): ordered.create_dataset(name, data=np.float32(1))
f.attrs['list'] = np.array(['one', 'two'], dtype=h5py.string_dtype())
f.attrs['fixed'] = np.array([b'layer_1', b'layer_20'])
f.attrs['numbers'] = np.array([1.5, 2.5])
f.attrs['flag'] = True
f.attrs['empty'] = h5py.Empty('f4')
f.attrs['place'] = f['deep'].ref
f.close()
