import torch

from carla_genre.threads import plain_torch, processor_threads


def test_a_callers_settings_do_not_reach_inside_and_hold_again_afterwards() -> None:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.inference_mode(), torch.autocast("cpu"), torch.device("meta"):
            with plain_torch():
                weight = torch.ones(2, 2, requires_grad=True)
                (weight @ weight).sum().backward()
                assert weight.grad.dtype == torch.float32 and weight.device.type == "cpu"
                assert (weight @ weight).dtype == torch.float32
            assert torch.is_inference_mode_enabled() and torch.is_autocast_enabled("cpu")
            assert torch.ones(1).dtype == torch.float64 and torch.ones(1).device.type == "meta"
    finally:
        torch.set_default_dtype(before)


def test_the_count_is_restored_even_after_an_error() -> None:
    before = torch.get_num_threads()
    with processor_threads(before + 2):
        assert torch.get_num_threads() == before + 2
        with processor_threads(0):
            assert torch.get_num_threads() == before + 2
    try:
        with processor_threads(before + 1):
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert torch.get_num_threads() == before
