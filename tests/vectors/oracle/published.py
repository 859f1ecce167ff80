"""Test vectors that others have published, as hexadecimal text. Where each comes from stands beside it.

make_vectors.py checks every one of them against the oracle's own arithmetic before it writes them out for the C tests,
so a slip here or there does not go unnoticed.
"""

# row, source, key, message, output
PRF = [
    (
        'prfsha1',
        'RFC 2202 3, case 1',
        '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
        '4869205468657265',
        'b617318655057264e28bc0b6fb378c8ef146be00',
    ),
    (
        'prfsha1',
        'RFC 2202 3, case 2',
        '4a656665',
        '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
        'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79',
    ),
    (
        'prfsha1',
        'RFC 2202 3, case 3',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd'
        'dddd',
        '125d7342b9ac11cd91a39af48aa17b4f63f175d3',
    ),
    (
        'prfsha1',
        'RFC 2202 3, case 4',
        '0102030405060708090a0b0c0d0e0f10111213141516171819',
        'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd'
        'cdcd',
        '4c9007f4026250c6bc8414f9bf50c86c2d7235da',
    ),
    (
        'prfsha1',
        'RFC 2202 3, case 5',
        '0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c',
        '546573742057697468205472756e636174696f6e',
        '4c1a03424b55e07fe7f27be1d58bb9324a9a5a04',
    ),
    (
        'prfsha1',
        'RFC 2202 3, case 6',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        '54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579'
        '204669727374',
        'aa4ae5e15272d00e95705637ce8a3b55ed402112',
    ),
    (
        'prfsha1',
        'RFC 2202 3, case 7',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        '54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b657920616e64204c6172676572'
        '205468616e204f6e6520426c6f636b2d53697a652044617461',
        'e8e99d0f45237d786d6bbaa7965c7808bbff1a91',
    ),
    (
        'prfsha256',
        'RFC 4231 4.2, case 1',
        '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
        '4869205468657265',
        'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ),
    (
        'prfsha384',
        'RFC 4231 4.2, case 1',
        '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
        '4869205468657265',
        'afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6',
    ),
    (
        'prfsha512',
        'RFC 4231 4.2, case 1',
        '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
        '4869205468657265',
        '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4'
        'be9d914eeb61f1702e696c203a126854',
    ),
    (
        'prfsha256',
        'RFC 4231 4.3, case 2',
        '4a656665',
        '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
        '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ),
    (
        'prfsha384',
        'RFC 4231 4.3, case 2',
        '4a656665',
        '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
        'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
    ),
    (
        'prfsha512',
        'RFC 4231 4.3, case 2',
        '4a656665',
        '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
        '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd'
        'caeab1a34d4a6b4b636e070a38bce737',
    ),
    (
        'prfsha256',
        'RFC 4231 4.4, case 3',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd'
        'dddd',
        '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    ),
    (
        'prfsha384',
        'RFC 4231 4.4, case 3',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd'
        'dddd',
        '88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27',
    ),
    (
        'prfsha512',
        'RFC 4231 4.4, case 3',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd'
        'dddd',
        'fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807'
        'b946a337bee8942674278859e13292fb',
    ),
    (
        'prfsha256',
        'RFC 4231 4.5, case 4',
        '0102030405060708090a0b0c0d0e0f10111213141516171819',
        'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd'
        'cdcd',
        '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    ),
    (
        'prfsha384',
        'RFC 4231 4.5, case 4',
        '0102030405060708090a0b0c0d0e0f10111213141516171819',
        'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd'
        'cdcd',
        '3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb',
    ),
    (
        'prfsha512',
        'RFC 4231 4.5, case 4',
        '0102030405060708090a0b0c0d0e0f10111213141516171819',
        'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd'
        'cdcd',
        'b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063'
        'a5f19741120c4f2de2adebeb10a298dd',
    ),
    (
        'prfsha256',
        'RFC 4231 4.7, case 6',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        '54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579'
        '204669727374',
        '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ),
    (
        'prfsha384',
        'RFC 4231 4.7, case 6',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        '54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579'
        '204669727374',
        '4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952',
    ),
    (
        'prfsha512',
        'RFC 4231 4.7, case 6',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        '54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579'
        '204669727374',
        '80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e52'
        '95e64f73f63f0aec8b915a985d786598',
    ),
    (
        'prfsha256',
        'RFC 4231 4.8, case 7',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        '5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206b65'
        '7920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565'
        '647320746f20626520686173686564206265666f7265206265696e6720757365642062792074686520484d414320616c'
        '676f726974686d2e',
        '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ),
    (
        'prfsha384',
        'RFC 4231 4.8, case 7',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        '5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206b65'
        '7920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565'
        '647320746f20626520686173686564206265666f7265206265696e6720757365642062792074686520484d414320616c'
        '676f726974686d2e',
        '6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e',
    ),
    (
        'prfsha512',
        'RFC 4231 4.8, case 7',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        '5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206b65'
        '7920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565'
        '647320746f20626520686173686564206265666f7265206265696e6720757365642062792074686520484d414320616c'
        '676f726974686d2e',
        'e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15'
        '134676fb6de0446065c97440fa8c6a58',
    ),
    (
        'prfaesxcbc',
        'RFC 3566 4.6, case 1',
        '000102030405060708090a0b0c0d0e0f',
        '',
        '75f0251d528ac01c4573dfd584d79f29',
    ),
    (
        'prfaesxcbc',
        'RFC 3566 4.6, case 2',
        '000102030405060708090a0b0c0d0e0f',
        '000102',
        '5b376580ae2f19afe7219ceef172756f',
    ),
    (
        'prfaesxcbc',
        'RFC 3566 4.6, case 3',
        '000102030405060708090a0b0c0d0e0f',
        '000102030405060708090a0b0c0d0e0f',
        'd2a246fa349b68a79998a4394ff7a263',
    ),
    (
        'prfaesxcbc',
        'RFC 3566 4.6, case 4',
        '000102030405060708090a0b0c0d0e0f',
        '000102030405060708090a0b0c0d0e0f10111213',
        '47f51b4564966215b8985c63055ed308',
    ),
    (
        'prfaesxcbc',
        'RFC 3566 4.6, case 5',
        '000102030405060708090a0b0c0d0e0f',
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
        'f54f0ec8d2b9f3d36807734bd5283fd4',
    ),
    (
        'prfaesxcbc',
        'RFC 3566 4.6, case 6',
        '000102030405060708090a0b0c0d0e0f',
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021',
        'becbb3bccdb518a30677d5481fb6b4d8',
    ),
    (
        'prfaesxcbc',
        'RFC 3566 4.6, case 7',
        '000102030405060708090a0b0c0d0e0f',
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '00000000000000000000000000000000000000000000000000000000000000000000000000000000',
        'f0dafee895db30253761103b5d84528f',
    ),
    (
        'prfaesxcbc',
        'RFC 4434 2.1, key of 10 octets',
        '00010203040506070809',
        '000102030405060708090a0b0c0d0e0f10111213',
        '0fa087af7d866e7653434e602fdde835',
    ),
    (
        'prfaesxcbc',
        'RFC 4434 2.1, key of 18 octets',
        '000102030405060708090a0b0c0d0e0fedcb',
        '000102030405060708090a0b0c0d0e0f10111213',
        '8cd3c93ae598a9803006ffb67c40e9e4',
    ),
    (
        'prfaescmac',
        'RFC 4493 4, example 1',
        '2b7e151628aed2a6abf7158809cf4f3c',
        '',
        'bb1d6929e95937287fa37d129b756746',
    ),
    (
        'prfaescmac',
        'RFC 4493 4, example 2',
        '2b7e151628aed2a6abf7158809cf4f3c',
        '6bc1bee22e409f96e93d7e117393172a',
        '070a16b46b4d4144f79bdd9dd04a287c',
    ),
    (
        'prfaescmac',
        'RFC 4493 4, example 3',
        '2b7e151628aed2a6abf7158809cf4f3c',
        '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411',
        'dfa66747de9ae63030ca32611497c827',
    ),
    (
        'prfaescmac',
        'RFC 4493 4, example 4',
        '2b7e151628aed2a6abf7158809cf4f3c',
        '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef'
        'f69f2445df4f9b17ad2b417be66c3710',
        '51f0bebf7e3b9d92fc49741779363cfe',
    ),
    (
        'prfaescmac',
        'RFC 4615 4, key of 18 octets',
        '000102030405060708090a0b0c0d0e0fedcb',
        '000102030405060708090a0b0c0d0e0f10111213',
        '84a348a4a45d235babfffc0d2b4da09a',
    ),
    (
        'prfaescmac',
        'RFC 4615 4, key of 16 octets',
        '000102030405060708090a0b0c0d0e0f',
        '000102030405060708090a0b0c0d0e0f10111213',
        '980ae87b5f4c9c5214f5b6a8455e4c2d',
    ),
    (
        'prfaescmac',
        'RFC 4615 4, key of 10 octets',
        '00010203040506070809',
        '000102030405060708090a0b0c0d0e0f10111213',
        '290d9e112edb09ee141fcf64c0b72f3d',
    ),
]

# row, source, key, message of at least 8 octets, ICV
INTEG = [
    (
        'sha1',
        'RFC 2202 3, case 1, truncated as RFC 2404 3',
        '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
        '4869205468657265',
        'b617318655057264e28bc0b6',
    ),
    (
        'sha1',
        'RFC 2202 3, case 3, truncated as RFC 2404 3',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd'
        'dddd',
        '125d7342b9ac11cd91a39af4',
    ),
    (
        'sha1',
        'RFC 2202 3, case 5, truncated as RFC 2404 3',
        '0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c',
        '546573742057697468205472756e636174696f6e',
        '4c1a03424b55e07fe7f27be1',
    ),
    (
        'sha256',
        'RFC 4868 2.7.2, AUTH256-1',
        '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
        '4869205468657265',
        '198a607eb44bfbc69903a0f1cf2bbdc5',
    ),
    (
        'sha256',
        'RFC 4868 2.7.2, AUTH256-2',
        '4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665',
        '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
        '167f928588c5cc2eef8e3093caa0e87c',
    ),
    (
        'sha256',
        'RFC 4868 2.7.2, AUTH256-3',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd'
        'dddd',
        'cdcb1220d1ecccea91e53aba3092f962',
    ),
    (
        'sha256',
        'RFC 4868 2.7.2, AUTH256-4',
        '0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20',
        'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd'
        'cdcd',
        '372efcf9b40b35c2115b1346903d2ef4',
    ),
    (
        'sha384',
        'RFC 4868 2.7.2, AUTH384-1',
        '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
        '4869205468657265',
        'b6a8d5636f5c6a7224f9977dcf7ee6c7fb6d0c48cbdee973',
    ),
    (
        'sha384',
        'RFC 4868 2.7.2, AUTH384-2',
        '4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665',
        '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
        '2c7353974f1842fd66d53c452ca42122b28c0b594cfb184d',
    ),
    (
        'sha384',
        'RFC 4868 2.7.2, AUTH384-3',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd'
        'dddd',
        '809f439be00274321d4a538652164b53554a508184a0c316',
    ),
    (
        'sha384',
        'RFC 4868 2.7.2, AUTH384-4',
        '0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f200a0b0c0d0e0f10111213141516171819',
        'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd'
        'cdcd',
        '5b540085c6e6358096532b2493609ed1cb298f774f87bb5c',
    ),
    (
        'sha512',
        'RFC 4868 2.7.2, AUTH512-1',
        '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b'
        '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
        '4869205468657265',
        '637edc6e01dce7e6742a99451aae82df23da3e92439e590e43e761b33e910fb8',
    ),
    (
        'sha512',
        'RFC 4868 2.7.2, AUTH512-2',
        '4a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a6566654a656665'
        '4a6566654a6566654a6566654a656665',
        '7768617420646f2079612077616e7420666f72206e6f7468696e673f',
        'cb370917ae8a7ce28cfd1d8f4705d6141c173b2a9362c15df235dfb251b15454',
    ),
    (
        'sha512',
        'RFC 4868 2.7.2, AUTH512-3',
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd'
        'dddd',
        '2ee7acd783624ca9398710f3ee05ae41b9f9b0510c87e49e586cc9bf961733d8',
    ),
    (
        'aesxcbc',
        'RFC 3566 4.6, case 3',
        '000102030405060708090a0b0c0d0e0f',
        '000102030405060708090a0b0c0d0e0f',
        'd2a246fa349b68a79998a439',
    ),
    (
        'aesxcbc',
        'RFC 3566 4.6, case 4',
        '000102030405060708090a0b0c0d0e0f',
        '000102030405060708090a0b0c0d0e0f10111213',
        '47f51b4564966215b8985c63',
    ),
    (
        'aesxcbc',
        'RFC 3566 4.6, case 5',
        '000102030405060708090a0b0c0d0e0f',
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
        'f54f0ec8d2b9f3d36807734b',
    ),
    (
        'aesxcbc',
        'RFC 3566 4.6, case 6',
        '000102030405060708090a0b0c0d0e0f',
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021',
        'becbb3bccdb518a30677d548',
    ),
    (
        'aesxcbc',
        'RFC 3566 4.6, case 7',
        '000102030405060708090a0b0c0d0e0f',
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
        '00000000000000000000000000000000000000000000000000000000000000000000000000000000',
        'f0dafee895db30253761103b',
    ),
    (
        'aescmac',
        'RFC 4493 4, example 2, truncated as RFC 4494 3',
        '2b7e151628aed2a6abf7158809cf4f3c',
        '6bc1bee22e409f96e93d7e117393172a',
        '070a16b46b4d4144f79bdd9d',
    ),
    (
        'aescmac',
        'RFC 4493 4, example 3, truncated as RFC 4494 3',
        '2b7e151628aed2a6abf7158809cf4f3c',
        '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411',
        'dfa66747de9ae63030ca3261',
    ),
    (
        'aescmac',
        'RFC 4493 4, example 4, truncated as RFC 4494 3',
        '2b7e151628aed2a6abf7158809cf4f3c',
        '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef'
        'f69f2445df4f9b17ad2b417be66c3710',
        '51f0bebf7e3b9d92fc497417',
    ),
]

# row, source, key and salt, IV, associated data, plaintext, ciphertext, ICV (None: a cipher without one)
ENCR = [
    (
        'aes128',
        'RFC 3602 4, case 1',
        '06a9214036b8a15b512e03d534120006',
        '3dafba429d9eb430b422da802c9fac41',
        '',
        '53696e676c6520626c6f636b206d7367',
        'e353779c1079aeb82708942dbe77181a',
        None,
    ),
    (
        'aes128',
        'RFC 3602 4, case 2',
        'c286696d887c9aa0611bbb3e2025a45a',
        '562e17996d093d28ddb3ba695a2e6f58',
        '',
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
        'd296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1',
        None,
    ),
    (
        'aes128',
        'RFC 3602 4, case 3',
        '6c3ea0477630ce21a2ce334aa746c2cd',
        'c782dc4c098c66cbd9cd27d825682c81',
        '',
        '5468697320697320612034382d62797465206d657373616765202865786163746c7920332041455320626c6f636b7329',
        'd0a02b3836451753d493665d33f0e8862dea54cdb293abc7506939276772f8d5021c19216bad525c8579695d83ba2684',
        None,
    ),
    (
        'aes128',
        'RFC 3602 4, case 4',
        '56e47a38c5598974bc46903dba290349',
        '8ce82eefbea0da3c44699ed7db51b7d9',
        '',
        'a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf'
        'd0d1d2d3d4d5d6d7d8d9dadbdcdddedf',
        'c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e35907aa632c3ffdf868bb7b29d3d46ad'
        '83ce9f9a102ee99d49a53e87f4c3da55',
        None,
    ),
    (
        'aes128',
        'RFC 3602 4, case 5',
        '90d382b410eeba7ad938c46cec1a82bf',
        'e96e8c08ab465763fd098d45dd3ff893',
        '0000432100000001',
        '08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627'
        '28292a2b2c2d2e2f30313233343536370102030405060708090a0b0c0d0e0e01',
        'f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db080b59ec3a8e4b7e52'
        '775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6',
        None,
    ),
    (
        'aes128',
        'RFC 3602 4, case 6',
        '90d382b410eeba7ad938c46cec1a82bf',
        '69d08df7d203329db093fc4924e5bd80',
        '0000432100000008',
        '0800b5e8a80a0500a69c083d0b660e0077777777777777777777777701020201',
        'f51995881ec4e0c4488987ce742e8109689bb379d2d750c0d915dca346a89f75',
        None,
    ),
    (
        'aes128',
        'RFC 3602 4, case 7',
        '0123456789abcdef0123456789abcdef',
        'f4e765244f6407adf13dc1380f673f37',
        '0000876500000002',
        '45000054090400004001f988c0a87b03c0a87bc808009f76a90a0100b49c083d02a2040008090a0b0c0d0e0f10111213'
        '1415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30313233343536370102030405060708090a0a04',
        '773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8e4ecaec78ac53aad7a0f022b859243c6'
        '47752e94a859352b8a4d4d2decd136e5c177f132ad3fbfb2201ac9904c74ee0a109e0ca1e4dfe9d5a100b842f1c22f0d',
        None,
    ),
    (
        'aes128',
        'RFC 3602 4, case 8',
        '0123456789abcdef0123456789abcdef',
        '85d47224b5f3dd5d2101d4ea8dffab22',
        '0000876500000005',
        '45000044090c00004001f990c0a87b03c0a87bc80800d63caa0a0200c69c083da3de0300ffffffffffffffffffffffff'
        'ffffffffffffffffffffffffffffffffffffffff0102030405060708090a0a04',
        '15b92683819596a8047232cc00f7048fe45318e11f8a0f62ede3c3fc61203bb50f980a08c9843fd3a1b06d5c07ff9639'
        'b7eb7dfb3512e5de435e7207ed971ef3d2726d9b5ef6affc6d17a0decbb13892',
        None,
    ),
    (
        'aes128ctr',
        'RFC 3686 6, vector 1',
        'ae6852f8121067cc4bf7a5765577f39e00000030',
        '0000000000000000',
        '',
        '53696e676c6520626c6f636b206d7367',
        'e4095d4fb7a7b3792d6175a3261311b8',
        None,
    ),
    (
        'aes128ctr',
        'RFC 3686 6, vector 2',
        '7e24067817fae0d743d6ce1f32539163006cb6db',
        'c0543b59da48d90b',
        '',
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
        '5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28',
        None,
    ),
    (
        'aes128ctr',
        'RFC 3686 6, vector 3',
        '7691be035e5020a8ac6e618529f9a0dc00e0017b',
        '27777f3f4a1786f0',
        '',
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223',
        'c1cf48a89f2ffdd9cf4652e9efdb72d74540a42bde6d7836d59a5ceaaef3105325b2072f',
        None,
    ),
    (
        'aes192ctr',
        'RFC 3686 6, vector 4',
        '16af5b145fc9f579c175f93e3bfb0eed863d06ccfdb7851500000048',
        '36733c147d6d93cb',
        '',
        '53696e676c6520626c6f636b206d7367',
        '4b55384fe259c9c84e7935a003cbe928',
        None,
    ),
    (
        'aes192ctr',
        'RFC 3686 6, vector 5',
        '7c5cb2401b3dc33c19e7340819e0f69c678c3db8e6f6a91a0096b03b',
        '020c6eadc2cb500d',
        '',
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
        '453243fc609b23327edfaafa7131cd9f8490701c5ad4a79cfc1fe0ff42f4fb00',
        None,
    ),
    (
        'aes192ctr',
        'RFC 3686 6, vector 6',
        '02bf391ee8ecb159b959617b0965279bf59b60a786d3e0fe0007bdfd',
        '5cbd60278dcc0912',
        '',
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223',
        '96893fc55e5c722f540b7dd1ddf7e758d288bc95c69165884536c811662f2188abee0935',
        None,
    ),
    (
        'aes256ctr',
        'RFC 3686 6, vector 7',
        '776beff2851db06f4c8a0542c8696f6c6a81af1eec96b4d37fc1d689e6c1c10400000060',
        'db5672c97aa8f0b2',
        '',
        '53696e676c6520626c6f636b206d7367',
        '145ad01dbf824ec7560863dc71e3e0c0',
        None,
    ),
    (
        'aes256ctr',
        'RFC 3686 6, vector 8',
        'f6d66d6bd52d59bb0796365879eff886c66dd51a5b6a99744b50590c87a2388400faac24',
        'c1585ef15a43d875',
        '',
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
        'f05e231b3894612c49ee000b804eb2a9b8306b508f839d6a5530831d9344af1c',
        None,
    ),
    (
        'aes256ctr',
        'RFC 3686 6, vector 9',
        'ff7a617ce69148e4f1726e2f43581de2aa62d9f805532edff1eed687fb54153d001cc5b7',
        '51a51d70a1c11148',
        '',
        '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223',
        'eb6c52821d0bbbf7ce7594462aca4faab407df866569fd07f48cc0b583d6071f1ec0e6b8',
        None,
    ),
    (
        'aes128gcm8',
        'McGrew and Viega, GCM, case 4, ICV cut to 8',
        'feffe9928665731c6d6a8f9467308308cafebabe',
        'facedbaddecaf888',
        'feedfacedeadbeeffeedfacedeadbeefabaddad2',
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525'
        'b16aedf5aa0de657ba637b39',
        '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05'
        '1ba30b396a0aac973d58e091',
        '5bc94fbc3221a5db',
    ),
    (
        'aes128gcm12',
        'McGrew and Viega, GCM, case 4, ICV cut to 12',
        'feffe9928665731c6d6a8f9467308308cafebabe',
        'facedbaddecaf888',
        'feedfacedeadbeeffeedfacedeadbeefabaddad2',
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525'
        'b16aedf5aa0de657ba637b39',
        '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05'
        '1ba30b396a0aac973d58e091',
        '5bc94fbc3221a5db94fae95a',
    ),
    (
        'aes128gcm16',
        'McGrew and Viega, GCM, case 4',
        'feffe9928665731c6d6a8f9467308308cafebabe',
        'facedbaddecaf888',
        'feedfacedeadbeeffeedfacedeadbeefabaddad2',
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525'
        'b16aedf5aa0de657ba637b39',
        '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05'
        '1ba30b396a0aac973d58e091',
        '5bc94fbc3221a5db94fae95ae7121a47',
    ),
    (
        'aes192gcm8',
        'McGrew and Viega, GCM, case 10, ICV cut to 8',
        'feffe9928665731c6d6a8f9467308308feffe9928665731ccafebabe',
        'facedbaddecaf888',
        'feedfacedeadbeeffeedfacedeadbeefabaddad2',
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525'
        'b16aedf5aa0de657ba637b39',
        '3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f47'
        '18e2448b2fe324d9ccda2710',
        '2519498e80f1478f',
    ),
    (
        'aes192gcm12',
        'McGrew and Viega, GCM, case 10, ICV cut to 12',
        'feffe9928665731c6d6a8f9467308308feffe9928665731ccafebabe',
        'facedbaddecaf888',
        'feedfacedeadbeeffeedfacedeadbeefabaddad2',
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525'
        'b16aedf5aa0de657ba637b39',
        '3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f47'
        '18e2448b2fe324d9ccda2710',
        '2519498e80f1478f37ba55bd',
    ),
    (
        'aes192gcm16',
        'McGrew and Viega, GCM, case 10',
        'feffe9928665731c6d6a8f9467308308feffe9928665731ccafebabe',
        'facedbaddecaf888',
        'feedfacedeadbeeffeedfacedeadbeefabaddad2',
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525'
        'b16aedf5aa0de657ba637b39',
        '3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f47'
        '18e2448b2fe324d9ccda2710',
        '2519498e80f1478f37ba55bd6d27618c',
    ),
    (
        'aes256gcm8',
        'McGrew and Viega, GCM, case 16, ICV cut to 8',
        'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308cafebabe',
        'facedbaddecaf888',
        'feedfacedeadbeeffeedfacedeadbeefabaddad2',
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525'
        'b16aedf5aa0de657ba637b39',
        '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838'
        'c5f61e6393ba7a0abcc9f662',
        '76fc6ece0f4e1768',
    ),
    (
        'aes256gcm12',
        'McGrew and Viega, GCM, case 16, ICV cut to 12',
        'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308cafebabe',
        'facedbaddecaf888',
        'feedfacedeadbeeffeedfacedeadbeefabaddad2',
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525'
        'b16aedf5aa0de657ba637b39',
        '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838'
        'c5f61e6393ba7a0abcc9f662',
        '76fc6ece0f4e1768cddf8853',
    ),
    (
        'aes256gcm16',
        'McGrew and Viega, GCM, case 16',
        'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308cafebabe',
        'facedbaddecaf888',
        'feedfacedeadbeeffeedfacedeadbeefabaddad2',
        'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525'
        'b16aedf5aa0de657ba637b39',
        '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838'
        'c5f61e6393ba7a0abcc9f662',
        '76fc6ece0f4e1768cddf8853bb2d551b',
    ),
    (
        'chacha20poly1305',
        'RFC 7634 A',
        '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3',
        '1011121314151617',
        '0102030400000005',
        '45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f10111213'
        '1415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204',
        '24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f7'
        '2aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e0',
        '76aaa8266b7fb0f7b11b369907e1ad43',
    ),
    (
        'chacha20poly1305',
        'RFC 7634 B',
        '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3',
        '1011121314151617',
        'c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e202500000000090000004529000029',
        '0000000c000040010000000a00',
        '610394701f8d017f7c12924889',
        '6b71bfe25236efd7cdc67066906315b2',
    ),
]

# source, key, nonce, associated data, plaintext, ciphertext, ICV. For the oracle only: its nonces do not fit IPsec
CCM = [
    (
        'RFC 3610 8, vector 1',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '00000003020100a0a1a2a3a4a5',
        '0001020304050607',
        '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e',
        '588c979a61c663d2f066d0c2c0f989806d5f6b61dac384',
        '17e8d12cfdf926e0',
    ),
    (
        'RFC 3610 8, vector 2',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '00000004030201a0a1a2a3a4a5',
        '0001020304050607',
        '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
        '72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3b',
        'a091d56e10400916',
    ),
    (
        'RFC 3610 8, vector 3',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '00000005040302a0a1a2a3a4a5',
        '0001020304050607',
        '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20',
        '51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da859657',
        '4adaa76fbd9fb0c5',
    ),
    (
        'RFC 3610 8, vector 4',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '00000006050403a0a1a2a3a4a5',
        '000102030405060708090a0b',
        '0c0d0e0f101112131415161718191a1b1c1d1e',
        'a28c6865939a9a79faaa5c4c2a9d4a91cdac8c',
        '96c861b9c9e61ef1',
    ),
    (
        'RFC 3610 8, vector 5',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '00000007060504a0a1a2a3a4a5',
        '000102030405060708090a0b',
        '0c0d0e0f101112131415161718191a1b1c1d1e1f',
        'dcf1fb7b5d9e23fb9d4e131253658ad86ebdca3e',
        '51e83f077d9c2d93',
    ),
    (
        'RFC 3610 8, vector 6',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '00000008070605a0a1a2a3a4a5',
        '000102030405060708090a0b',
        '0c0d0e0f101112131415161718191a1b1c1d1e1f20',
        '6fc1b011f006568b5171a42d953d469b2570a4bd87',
        '405a0443ac91cb94',
    ),
    (
        'RFC 3610 8, vector 7',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '00000009080706a0a1a2a3a4a5',
        '0001020304050607',
        '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e',
        '0135d1b2c95f41d5d1d4fec185d166b8094e999dfed96c',
        '048c56602c97acbb7490',
    ),
    (
        'RFC 3610 8, vector 8',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '0000000a090807a0a1a2a3a4a5',
        '0001020304050607',
        '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
        '7b75399ac0831dd2f0bbd75879a2fd8f6cae6b6cd9b7db24',
        'c17b4433f434963f34b4',
    ),
    (
        'RFC 3610 8, vector 9',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '0000000b0a0908a0a1a2a3a4a5',
        '0001020304050607',
        '08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20',
        '82531a60cc24945a4b8279181ab5c84df21ce7f9b73f42e197',
        'ea9c07e56b5eb17e5f4e',
    ),
    (
        'RFC 3610 8, vector 10',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '0000000c0b0a09a0a1a2a3a4a5',
        '000102030405060708090a0b',
        '0c0d0e0f101112131415161718191a1b1c1d1e',
        '07342594157785152b074098330abb141b947b',
        '566aa9406b4d999988dd',
    ),
    (
        'RFC 3610 8, vector 11',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '0000000d0c0b0aa0a1a2a3a4a5',
        '000102030405060708090a0b',
        '0c0d0e0f101112131415161718191a1b1c1d1e1f',
        '676bb20380b0e301e8ab79590a396da78b834934',
        'f53aa2e9107a8b6c022c',
    ),
    (
        'RFC 3610 8, vector 12',
        'c0c1c2c3c4c5c6c7c8c9cacbcccdcecf',
        '0000000e0d0c0ba0a1a2a3a4a5',
        '000102030405060708090a0b',
        '0c0d0e0f101112131415161718191a1b1c1d1e1f20',
        'c0ffa0d6f05bdb67f24d43a4338d2aa4bed7b20e43',
        'cd1aa31662e7ad65d6db',
    ),
    (
        'RFC 3610 8, vector 13',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '00412b4ea9cdbe3c9696766cfa',
        '0be1a88bace018b1',
        '08e8cf97d820ea258460e96ad9cf5289054d895ceac47c',
        '4cb97f86a2a4689a877947ab8091ef5386a6ffbdd080f8',
        'e78cf7cb0cddd7b3',
    ),
    (
        'RFC 3610 8, vector 14',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '0033568ef7b2633c9696766cfa',
        '63018f76dc8a1bcb',
        '9020ea6f91bdd85afa0039ba4baff9bfb79c7028949cd0ec',
        '4ccb1e7ca981befaa0726c55d378061298c85c92814abc33',
        'c52ee81d7d77c08a',
    ),
    (
        'RFC 3610 8, vector 15',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '00103fe41336713c9696766cfa',
        'aa6cfa36cae86b40',
        'b916e0eacc1c00d7dcec68ec0b3bbb1a02de8a2d1aa346132e',
        'b1d23a2220ddc0ac900d9aa03c61fcf4a559a4417767089708',
        'a776796edb723506',
    ),
    (
        'RFC 3610 8, vector 16',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '00764c63b8058e3c9696766cfa',
        'd0d0735c531e1becf049c244',
        '12daac5630efa5396f770ce1a66b21f7b2101c',
        '14d253c3967b70609b7cbb7c49916028324526',
        '9a6f49975bcadeaf',
    ),
    (
        'RFC 3610 8, vector 17',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '00f8b678094e3b3c9696766cfa',
        '77b60f011c03e1525899bcae',
        'e88b6a46c78d63e52eb8c546efb5de6f75e9cc0d',
        '5545ff1a085ee2efbf52b2e04bee1e2336c73e3f',
        '762c0c7744fe7e3c',
    ),
    (
        'RFC 3610 8, vector 18',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '00d560912d3f703c9696766cfa',
        'cd9044d2b71fdb8120ea60c0',
        '6435acbafb11a82e2f071d7ca4a5ebd93a803ba87f',
        '009769ecabdf48625594c59251e6035722675e04c8',
        '47099e5ae0704551',
    ),
    (
        'RFC 3610 8, vector 19',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '0042fff8f1951c3c9696766cfa',
        'd85bc7e69f944fb8',
        '8a19b950bcf71a018e5e6701c91787659809d67dbedd18',
        'bc218daa947427b6db386a99ac1aef23ade0b52939cb6a',
        '637cf9bec2408897c6ba',
    ),
    (
        'RFC 3610 8, vector 20',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '00920f40e56cdc3c9696766cfa',
        '74a0ebc9069f5b37',
        '1761433c37c5a35fc1f39f406302eb907c6163be38c98437',
        '5810e6fd25874022e80361a478e3e9cf484ab04f447efff6',
        'f0a477cc2fc9bf548944',
    ),
    (
        'RFC 3610 8, vector 21',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '0027ca0c7120bc3c9696766cfa',
        '44a3aa3aae6475ca',
        'a434a8e58500c6e41530538862d686ea9e81301b5ae4226bfa',
        'f2beed7bc5098e83feb5b31608f8e29c38819a89c8e776f154',
        '4d4151a4ed3a8b87b9ce',
    ),
    (
        'RFC 3610 8, vector 22',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '005b8ccbcd9af83c9696766cfa',
        'ec46bb63b02520c33c49fd70',
        'b96b49e21d621741632875db7f6c9243d2d7c2',
        '31d750a09da3ed7fddd49a2032aabf17ec8ebf',
        '7d22c8088c666be5c197',
    ),
    (
        'RFC 3610 8, vector 23',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '003ebe94044b9a3c9696766cfa',
        '47a65ac78b3d594227e85e71',
        'e2fcfbb880442c731bf95167c8ffd7895e337076',
        'e882f1dbd38ce3eda7c23f04dd65071eb41342ac',
        'df7e00dccec7ae52987d',
    ),
    (
        'RFC 3610 8, vector 24',
        'd7828d13b2b0bdc325a76236df93cc6b',
        '008d493b30ae8b3c9696766cfa',
        '6e37a6ef546d955d34ab6059',
        'abf21c0b02feb88f856df4a37381bce3cc128517d4',
        'f32905b88a641b04b9c9ffb58cc390900f3da12ab1',
        '6dce9e82efa16da62059',
    ),
]

# row, source, private i, public i, private r, public r, shared secret; public values as in the payload
KEX = [
    (
        'ecp256',
        'RFC 5903 8.1',
        'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433',
        'dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59a'
        'b1f45b33accf5f58389e0577b8990bb3',
        'c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53',
        'd12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6a'
        'ac23f046ada30f8353e74f33039872ab',
        'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de',
    ),
    (
        'ecp384',
        'RFC 5903 8.2',
        '099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194',
        '667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa'
        '9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c',
        '41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc',
        'e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571'
        'dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c',
        '11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746',
    ),
    (
        'ecp521',
        'RFC 5903 8.3',
        '0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c2952c6771d937ba9777'
        'f5957b2639bab072462f68c27a57382d4a52',
        '0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3bf42e00b8e380aeae57c2d107564'
        '941885942af5a7f4601723c4195d176ced3e017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4'
        'a10ad8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f9582',
        '0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c677d600b343757a3bdbf2a3163e4c2'
        'f869cca7458aa4a4effc311f5cb151685eb9',
        '00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97c356436adc6e95bb0352f6be64a6'
        'c2912d4ef2d0433ced2b6171640012d9460f015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d985207'
        '7b87220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a',
        '01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa240a34786859810c06'
        'b3c715a3a8cc3151f2bee417996d19f3ddea',
    ),
    (
        'ecp256bp',
        'RFC 7027 A.1',
        '81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d',
        '44106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be58ab4846f11caccb73ce49cbdd120f5a9'
        '00a69fd32c272223f789ef10eb089bdc',
        '55e40bc41e37e3e2ad25c3c6654511ffa8474a91a0032087593852d3e7d76bd3',
        '8d2d688c6cf93e1160ad04cc4429117dc2c41825e1e9fca0addd34e6f1b39f7b990c57520812be512641e47034832106'
        'bc7d3e8dd0e4c7f1136d7006547cec6a',
        '89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b',
    ),
    (
        'ecp384bp',
        'RFC 7027 A.2',
        '1e20f5e048a5886f1f157c74e91bde2b98c8b52d58e5003d57053fc4b0bd65d6f15eb5d1ee1610df870795143627d042',
        '68b665dd91c195800650cdd363c625f4e742e8134667b767b1b476793588f885ab698c852d4a6e77a252d6380fcaf068'
        '55bc91a39c9ec01dee36017b7d673a931236d2f1f5c83942d049e3fa20607493e0d038ff2fd30c2ab67d15c85f7faa59',
        '032640bc6003c59260f7250c3db58ce647f98e1260acce4acda3dd869f74e01f8ba5e0324309db6a9831497abac96670',
        '4d44326f269a597a5b58bba565da5556ed7fd9a8a9eb76c25f46db69d19dc8ce6ad18e404b15738b2086df37e71d1eb4'
        '62d692136de56cbe93bf5fa3188ef58bc8a3a0ec6c1e151a21038a42e9185329b5b275903d192f8d4e1f32fe9cc78c48',
        '0bd9d3a7ea0b3d519d09d8e48d0785fb744a6b355e6304bc51c229fbbce239bbadf6403715c35d4fb2a5444f575d4f42',
    ),
    (
        'ecp512bp',
        'RFC 7027 A.3',
        '16302ff0dbbb5a8d733dab7141c1b45acbc8715939677f6a56850a38bd87bd59b09e80279609ff333eb9d4c061231fb2'
        '6f92eeb04982a5f1d1764cad57665422',
        '0a420517e406aac0acdce90fcd71487718d3b953efd7fbec5f7f27e28c6149999397e91e029e06457db2d3e640668b39'
        '2c2a7e737a7f0bf04436d11640fd09fd72e6882e8db28aad36237cd25d580db23783961c8dc52dfa2ec138ad472a0fce'
        'f3887cf62b623b2a87de5c588301ea3e5fc269b373b60724f5e82a6ad147fde7',
        '230e18e1bcc88a362fa54e4ea3902009292f7f8033624fd471b5d8ace49d12cfabbc19963dab8e2f1eba00bffb29e4d7'
        '2d13f2224562f405cb80503666b25429',
        '9d45f66de5d67e2e6db6e93a59ce0bb48106097ff78a081de781cdb31fce8ccbaaea8dd4320c4119f1e9cd437a2eab37'
        '31fa9668ab268d871deda55a5473199f2fdc313095bcdd5fb3a91636f07a959c8e86b5636a1e930e8396049cb481961d'
        '365cc11453a06c719835475b12cb52fc3c383bce35e27ef194512b71876285fa',
        'a7927098655f1f9976fa50a9d566865dc530331846381c87256baf3226244b76d36403c024d7bbf0aa0803eaff405d3d'
        '24f11a9b5c0bef679fe1454b21c4cd1f',
    ),
    (
        'x25519',
        'RFC 7748 6.1',
        '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
        '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
        '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
        'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
        '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
    ),
    (
        'x448',
        'RFC 7748 6.2',
        '9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d'
        '9ac2d8c0a598726b',
        '9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53'
        '177f80e532c41fa0',
        '1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0'
        '366f10b65173992d',
        '3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae'
        '07bdc1c67bf33609',
        '07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a'
        '449a5037514a879d',
    ),
]
